package outbound

import (
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

// newDNS answers every question for a TXT record at name with the records given,
// each a list of strings, and any other question with NXDOMAIN (RFC 1035 section 4).
func newDNS(t *testing.T, name string, records ...[]string) (address string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		packet := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(dnsAnswer(packet[:n], name, records), from)
		}
	}()
	return conn.LocalAddr().String()
}

func dnsAnswer(query []byte, name string, records [][]string) []byte {
	var labels []string
	end := 12
	for query[end] != 0 {
		labels = append(labels, string(query[end+1:end+1+int(query[end])]))
		end += 1 + int(query[end])
	}
	end += 5 // the empty label, type and class
	if !strings.EqualFold(strings.Join(labels, "."), name) {
		records = nil
	}
	answer := append([]byte{}, query[:2]...)
	if records == nil {
		answer = append(answer, 0x81, 0x83) // no such name
	} else {
		answer = append(answer, 0x81, 0x80)
	}
	answer = append(answer, 0, 1)
	answer = binary.BigEndian.AppendUint16(answer, uint16(len(records)))
	answer = append(answer, 0, 0, 0, 0)
	answer = append(answer, query[12:end]...)
	for _, record := range records {
		var data []byte
		for _, s := range record {
			data = append(append(data, byte(len(s))), s...)
		}
		answer = append(answer, 0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60)
		answer = binary.BigEndian.AppendUint16(answer, uint16(len(data)))
		answer = append(answer, data...)
	}
	return answer
}

func TestLookupTXT_found(t *testing.T) {
	t.Parallel()
	server := newDNS(t, "_rollcall.example.com", []string{"v=spf1 -all"}, []string{"rollcall-", "abc"})
	for _, name := range []string{"_rollcall.example.com", "_rollcall.example.com."} {
		got, err := LookupTXT(t.Context(), server, name)
		if err != nil || !slices.Equal(got, []string{"v=spf1 -all", "rollcall-abc"}) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestLookupTXT_missing(t *testing.T) {
	t.Parallel()
	server := newDNS(t, "_rollcall.example.com", []string{"x"})
	_, err := LookupTXT(t.Context(), server, "_rollcall.example.net")
	if iam.KindOf(err) != iam.KindNotFound || !strings.Contains(err.Error(), "no TXT record at _rollcall.example.net") {
		t.Errorf("error = %v (%v)", err, iam.KindOf(err))
	}
}

func TestLookupTXT_away(t *testing.T) {
	t.Parallel()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := conn.LocalAddr().String()
	_ = conn.Close()
	_, err = LookupTXT(t.Context(), server, "_rollcall.example.com")
	if iam.KindOf(err) != iam.KindUnavailable {
		t.Errorf("error = %v (%v), want KindUnavailable", err, iam.KindOf(err))
	}
}
