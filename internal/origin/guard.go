package origin

import (
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"

	"pixedge/internal/fault"
)

// A Guard decides which addresses may be dialed. It looks at the address of
// the connection that is about to be made, after all redirects, names and
// spellings, so none of these can lead around it.
type Guard struct {
	allowed []netip.Prefix
	public  *ssrf.Guardian
}

// NewGuard returns a guard that lets connections through to globally routable
// addresses, as the registries of IANA have them, and to the given networks.
//
// An IPv6 address that carries an IPv4 address (mapped, compatible, 6to4,
// Teredo, NAT64, ISATAP) is let through only if the carried address is too:
// allowing 64:ff9b::/96 opens the public IPv4 internet behind a NAT64 gateway
// and not the private networks there.
func NewGuard(allow []netip.Prefix) *Guard {
	return &Guard{
		allowed: slices.Clone(allow),
		public: ssrf.New(
			ssrf.WithAnyPort(), // ports are the business of the list of hosts
			// The metadata service of Azure, on a public address.
			ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")),
			// Documentation, RFC 9637; younger than the library's table.
			ssrf.WithDeniedV6Prefixes(netip.MustParsePrefix("3fff::/20")),
		),
	}
}

// Control returns an error of kind fault.Forbidden unless address, an IP
// address with a port, may be dialed over network. It is meant for the Control
// field of a [net.Dialer].
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress(err)
	}
	return errAddress(g.check(network, to.Addr().Unmap().WithZone("")))
}

func errAddress(err error) error {
	return fault.Wrap(err, fault.Forbidden, "address not allowed")
}

func (g *Guard) check(network string, addr netip.Addr) error {
	if !slices.ContainsFunc(g.allowed, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		if err := g.public.Safe(network, netip.AddrPortFrom(addr, 0).String(), nil); err != nil {
			return err
		}
	}
	if inner, ok := carried(addr); ok {
		return g.check("tcp4", inner)
	}
	return nil
}

// carried returns the IPv4 address that packets to addr end up at.
func carried(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() || addr == netip.IPv6Unspecified() || addr == netip.IPv6Loopback() {
		return netip.Addr{}, false
	}
	b := addr.As16()
	in := func(prefix string) bool { return netip.MustParsePrefix(prefix).Contains(addr) }
	switch {
	case in("2002::/16"): // 6to4, RFC 3056
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case in("2001::/32"): // Teredo, RFC 4380; the client's address is inverted
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	case in("64:ff9b::/96"), // NAT64, RFC 6052
		in("64:ff9b:1::/48"), // NAT64 of a site, RFC 8215, in its /96 form
		in("::/96"),          // compatible, RFC 4291, 2.5.5.1
		[3]byte(b[9:12]) == [3]byte{0, 0x5e, 0xfe} && b[8]&^0x02 == 0: // ISATAP, RFC 5214
		return netip.AddrFrom4([4]byte(b[12:16])), true
	}
	return netip.Addr{}, false
}
