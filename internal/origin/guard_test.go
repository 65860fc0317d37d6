package origin_test

import (
	"net"
	"net/netip"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

func TestGuard(t *testing.T) {
	tests := []struct {
		addr    string
		allowed bool
	}{
		// Public addresses.
		{"1.1.1.1", true},
		{"8.8.8.8", true},
		{"93.184.216.34", true},
		{"100.63.255.255", true},
		{"100.128.0.0", true},
		{"172.15.255.255", true},
		{"172.32.0.0", true},
		{"192.167.255.255", true},
		{"223.255.255.255", true},
		{"2606:4700:4700::1111", true},
		{"2a00:1450:4001:82f::200e", true},

		// This host, and this network.
		{"0.0.0.0", false},
		{"0.1.2.3", false},
		{"127.0.0.1", false},
		{"127.255.255.254", false},
		{"::", false},
		{"::1", false},

		// Private, shared and link-local networks, among them the metadata
		// services of clouds.
		{"10.0.0.1", false},
		{"172.16.0.1", false},
		{"172.31.255.255", false},
		{"192.168.1.1", false},
		{"100.64.0.1", false},
		{"100.100.100.200", false},
		{"100.127.255.255", false},
		{"169.254.0.1", false},
		{"169.254.169.254", false},
		{"168.63.129.16", false},
		{"fe80::1", false},
		{"fe80::1%lo", false},
		{"febf::1", false},
		{"fec0::1", false},
		{"fc00::1", false},
		{"fd00:ec2::254", false},
		{"fdff::1", false},

		// Reserved for other than talking to a server.
		{"192.0.0.1", false},
		{"192.0.2.1", false},
		{"192.88.99.1", false},
		{"198.18.0.1", false},
		{"198.19.255.255", false},
		{"198.51.100.1", false},
		{"203.0.113.1", false},
		{"224.0.0.1", false},
		{"239.255.255.255", false},
		{"240.0.0.1", false},
		{"255.255.255.255", false},
		{"ff02::1", false},
		{"100::1", false},
		{"2001:db8::1", false},
		{"2001:10::1", false},
		{"3fff::1", false},
		{"5f00::1", false},
		{"4000::1", false},

		// IPv4 within IPv6.
		{"::ffff:127.0.0.1", false},
		{"::ffff:10.0.0.1", false},
		{"::ffff:169.254.169.254", false},
		{"::ffff:8.8.8.8", true}, // which is how some systems write 8.8.8.8
		{"::ffff:0:127.0.0.1", false},
		{"::127.0.0.1", false},
		{"::8.8.8.8", false},
		{"2002:7f00:1::", false},
		{"2002:a00:1::1", false},
		{"2002:808:808::1", false},
		{"64:ff9b::127.0.0.1", false},
		{"64:ff9b::8.8.8.8", false},
		{"64:ff9b:1::10.0.0.1", false},
		{"2001:0:4136:e378:8000:63bf:80ff:fffe", false},
		{"2606:4700::5efe:10.0.0.1", false},
		{"2606:4700::200:5efe:127.0.0.1", false},
		{"2606:4700::5efe:8.8.8.8", true},
		{"2606:4700::100:5efe:10.0.0.1", true}, // not the mark of ISATAP
	}
	g := origin.NewGuard(nil)
	for _, tt := range tests {
		err := g.Control(networkOf(tt.addr), net.JoinHostPort(tt.addr, "80"), nil)
		if (err == nil) != tt.allowed {
			t.Errorf("%s: %v, want allowed %t", tt.addr, err, tt.allowed)
		}
		if err != nil && (fault.Of(err) != fault.Forbidden || fault.Message(err) != "address not allowed") {
			t.Errorf("%s: kind %v, message %q", tt.addr, fault.Of(err), fault.Message(err))
		}
	}
}

func TestGuardExceptions(t *testing.T) {
	tests := []struct {
		allow, addr string
		allowed     bool
	}{
		{"127.0.0.0/8", "127.0.0.1", true},
		{"127.0.0.0/8", "::ffff:127.0.0.1", true},
		{"127.0.0.0/8", "10.0.0.1", false},
		{"127.0.0.0/8", "::1", false},
		{"127.0.0.0/8", "8.8.8.8", true},
		{"10.1.0.0/16", "10.1.255.255", true},
		{"10.1.0.0/16", "10.2.0.0", false},
		{"::1/128", "::1", true},
		{"::1/128", "127.0.0.1", false},
		{"::1/128", "::ffff:127.0.0.1", false},
		{"fd00::/8", "fd12::1", true},
		{"fe80::/10", "fe80::1%lo", true},

		// What an allowed address carries must be allowed too.
		{"64:ff9b::/96", "64:ff9b::8.8.8.8", true},
		{"64:ff9b::/96", "64:ff9b::127.0.0.1", false},
		{"64:ff9b::/96", "64:ff9b::169.254.169.254", false},
		{"64:ff9b:1::/48", "64:ff9b:1::8.8.8.8", true},
		{"64:ff9b:1::/48", "64:ff9b:1::10.0.0.1", false},
		{"2002::/16", "2002:808:808::1", true},
		{"2002::/16", "2002:a00:1::1", false},
		{"2001::/32", "2001:0:4136:e378:8000:63bf:f7f7:f7f7", true},  // 8.8.8.8
		{"2001::/32", "2001:0:4136:e378:8000:63bf:80ff:fffe", false}, // 127.0.0.1
		{"::/96", "::8.8.8.8", true},
		{"::/96", "::10.0.0.1", false},
		{"fd00::/8", "fd00::5efe:10.0.0.1", false},
	}
	for _, tt := range tests {
		g := origin.NewGuard([]netip.Prefix{netip.MustParsePrefix(tt.allow)})
		if err := g.Control(networkOf(tt.addr), net.JoinHostPort(tt.addr, "80"), nil); (err == nil) != tt.allowed {
			t.Errorf("with %s, %s: %v, want allowed %t", tt.allow, tt.addr, err, tt.allowed)
		}
	}
}

func TestGuardRefusesOddCalls(t *testing.T) {
	g := origin.NewGuard([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")})
	for _, address := range []string{"", "8.8.8.8", "localhost:80", "127.1:80", "2130706433:80", "8.8.8.8:99999"} {
		if err := g.Control("tcp4", address, nil); fault.Of(err) != fault.Forbidden {
			t.Errorf("Control(%q) = %v, want it forbidden", address, err)
		}
	}
	if err := origin.NewGuard(nil).Control("udp4", "8.8.8.8:80", nil); fault.Of(err) != fault.Forbidden {
		t.Errorf("Control over UDP = %v, want it forbidden", err)
	}
}

func networkOf(addr string) string {
	if netip.MustParseAddr(addr).Is4() {
		return "tcp4"
	}
	return "tcp6"
}
