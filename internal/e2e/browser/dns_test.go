package browser

import (
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"testing"
)

// nameServer is the DNS of an admin's domain: he publishes TXT records in it.
type nameServer struct {
	address string

	mu      sync.Mutex
	records map[string]string // name without the dot at its end -> value
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &nameServer{address: conn.LocalAddr().String(), records: map[string]string{}}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		packet := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return // closed at the end of the test
			}
			_, _ = conn.WriteTo(d.answer(packet[:n]), from) // what is lost is asked for again
		}
	}()
	return d
}

func (d *nameServer) publish(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records[strings.ToLower(name)] = value
}

// answer makes the response to a query (RFC 1035 section 4): one TXT record of one
// string, or that there is no such name.
func (d *nameServer) answer(query []byte) []byte {
	const header = 12
	var labels []string
	end := header
	for end < len(query) && query[end] != 0 {
		size := int(query[end])
		if end+1+size > len(query) {
			return nil
		}
		labels = append(labels, strings.ToLower(string(query[end+1:end+1+size])))
		end += 1 + size
	}
	if end += 5; end > len(query) { // the empty label, type and class
		return nil
	}
	d.mu.Lock()
	value, found := d.records[strings.Join(labels, ".")]
	d.mu.Unlock()
	records, code := uint16(0), byte(3)
	if found {
		records, code = 1, 0
	}
	answer := []byte{query[0], query[1], 0x81, 0x80 | code, 0, 1}
	answer = binary.BigEndian.AppendUint16(answer, records)
	answer = append(answer, 0, 0, 0, 0)
	answer = append(answer, query[header:end]...)
	if !found {
		return answer
	}
	answer = append(answer, 0xC0, header, 0, 16, 0, 1, 0, 0, 0, 0) // the name of the question, TXT, IN, no time to live
	answer = binary.BigEndian.AppendUint16(answer, uint16(len(value)+1))
	return append(append(answer, byte(len(value))), value...)
}
