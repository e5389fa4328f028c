package web

import (
	"io"
	"net/http"
	"time"
)

// step is how many bytes have to pass before a request gets a new full timeout: the
// body of a large group may take minutes on a slow line, while a client that trickles
// single bytes is cut off as without it (S64).
const step = 64 << 10

// progressBody moves the read deadline as the body arrives.
type progressBody struct {
	io.ReadCloser
	control *http.ResponseController
	now     func() time.Time
	since   int
}

func (b *progressBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.since += n; b.since >= step {
		b.since = 0
		_ = b.control.SetReadDeadline(b.now().Add(ReadTimeout)) // unsupported only in tests
	}
	return n, err
}

// answer counts what is written and moves the write deadline as it goes out.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
	now     func() time.Time
	status  int
	bytes   int64
	since   int
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	if a.since += n; a.since >= step {
		a.since = 0
		_ = a.control.SetWriteDeadline(a.now().Add(WriteTimeout)) // unsupported only in tests
	}
	return n, err
}
