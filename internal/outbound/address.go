package outbound

import "net/netip"

// Addresses that are nobody's public host: the IANA special-purpose registries for
// IPv4 and IPv6 (RFC 6890 and its successors), and the translation prefixes, which
// carry an IPv4 address inside that could be any of them.
var (
	privateAddresses = prefixes(
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
		"100.64.0.0/10",          // carrier-grade NAT, RFC 6598
		"127.0.0.0/8", "::1/128", // loopback
		"fc00::/7", // unique local, RFC 4193
	)
	closedAddresses = prefixes(
		"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23",     // IETF protocol assignments, Teredo among them
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4
		"3fff::/20",     // documentation
	)
	// Everything public in IPv6 lies here; NAT64 (64:ff9b::/96), link-local,
	// site-local and multicast do not.
	globalUnicast6 = netip.MustParsePrefix("2000::/3")
)

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, s := range list {
		all[i] = netip.MustParsePrefix(s)
	}
	return all
}

// allows tells whether a connection may go to addr, which is no IPv4-mapped IPv6
// address (the caller unmapped it).
func (p Policy) allows(addr netip.Addr) bool {
	switch {
	case !addr.IsValid():
		return false
	case within(addr, privateAddresses):
		return p.AllowPrivate
	case within(addr, closedAddresses):
		return false
	}
	return addr.Is4() || globalUnicast6.Contains(addr)
}

func within(addr netip.Addr, list []netip.Prefix) bool {
	for _, prefix := range list {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
