package origin_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// addresses says of each whether a guard without exceptions lets it through.
const addresses = `
# Public addresses.
yes 1.1.1.1
yes 8.8.8.8
yes 93.184.216.34
yes 100.63.255.255
yes 100.128.0.0
yes 172.15.255.255
yes 172.32.0.0
yes 192.167.255.255
yes 223.255.255.255
yes 2606:4700:4700::1111
yes 2a00:1450:4001:82f::200e

# This host, and this network.
no  0.0.0.0
no  0.1.2.3
no  127.0.0.1
no  127.255.255.254
no  ::
no  ::1

# Private, shared and link-local networks, among them the metadata
# services of clouds.
no  10.0.0.1
no  172.16.0.1
no  172.31.255.255
no  192.168.1.1
no  100.64.0.1
no  100.100.100.200
no  100.127.255.255
no  169.254.0.1
no  169.254.169.254
no  168.63.129.16
no  fe80::1
no  fe80::1%lo
no  febf::1
no  fec0::1
no  fc00::1
no  fd00:ec2::254
no  fdff::1

# Reserved for other than talking to a server.
no  192.0.0.1
no  192.0.2.1
no  192.88.99.1
no  198.18.0.1
no  198.19.255.255
no  198.51.100.1
no  203.0.113.1
no  224.0.0.1
no  239.255.255.255
no  240.0.0.1
no  255.255.255.255
no  ff02::1
no  100::1
no  2001:db8::1
no  2001:10::1
no  3fff::1
no  5f00::1
no  4000::1

# IPv4 within IPv6.
no  ::ffff:127.0.0.1
no  ::ffff:10.0.0.1
no  ::ffff:169.254.169.254
yes ::ffff:8.8.8.8  # which is how some systems write 8.8.8.8
no  ::ffff:0:127.0.0.1
no  ::127.0.0.1
no  ::8.8.8.8
no  2002:7f00:1::
no  2002:a00:1::1
no  2002:808:808::1
no  64:ff9b::127.0.0.1
no  64:ff9b::8.8.8.8
no  64:ff9b:1::10.0.0.1
no  2001:0:4136:e378:8000:63bf:80ff:fffe
no  2606:4700::5efe:10.0.0.1
no  2606:4700::200:5efe:127.0.0.1
yes 2606:4700::5efe:8.8.8.8
yes 2606:4700::100:5efe:10.0.0.1  # not the mark of ISATAP
`

func TestGuard(t *testing.T) {
	g := origin.NewGuard(nil)
	for line := range strings.Lines(addresses) {
		line, _, _ = strings.Cut(line, "#")
		word := strings.Fields(line)
		if len(word) == 0 {
			continue
		}
		addr, allowed := word[1], word[0] == "yes"
		err := g.Control(networkOf(addr), net.JoinHostPort(addr, "80"), nil)
		if (err == nil) != allowed {
			t.Errorf("%s: %v, want allowed %t", addr, err, allowed)
		}
		if err != nil && (fault.Of(err) != fault.Forbidden || fault.Message(err) != "address not allowed") {
			t.Errorf("%s: kind %v, message %q", addr, fault.Of(err), fault.Message(err))
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
