package iam

import "net"

// IsLoopback tells whether a host name or IP address means this machine alone, so that
// plain text to it cannot be read or changed on its way.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
