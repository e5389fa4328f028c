package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestServe_finishesWhatItBegan(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	s, _ := newTestServer(Config{}, func(mux *http.ServeMux) {
		mux.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
			close(entered)
			<-release
			_, _ = io.WriteString(w, "done")
		})
	})
	public, metrics := listen(t), listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, public, metrics) }()

	answered := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + public.Addr().String() + "/slow")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()
	<-entered
	stop()
	// The side listener is still there and says that the server goes.
	deadline := time.Now().Add(10 * time.Second)
	for {
		response, err := http.Get("http://" + metrics.Addr().String() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("readyz never turned to 503")
		}
	}
	close(release)
	if got := <-answered; got != "done" {
		t.Errorf("the running request got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
	if _, err := net.Dial("tcp", public.Addr().String()); err == nil {
		t.Error("the public listener is still open")
	}
}

func TestServe_cutsOffAfterTheLimit(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	s, _ := newTestServer(Config{DrainTimeout: 20 * time.Millisecond}, func(mux *http.ServeMux) {
		mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
		})
	})
	public := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, public, nil) }()
	go func() {
		if response, err := http.Get("http://" + public.Addr().String() + "/slow"); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-entered
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("Serve = %v, want one that says that a request was cut off", err)
	}
}

func TestServe_connectionCap(t *testing.T) {
	t.Parallel()
	s, _ := newTestServer(Config{MaxConnections: 2}, nil)
	public := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, public, nil) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v", err)
		}
	}()
	ask := func(c net.Conn) error {
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			return err
		}
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, err := c.Read(make([]byte, 1024))
		return err
	}
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", public.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	if err := errors.Join(ask(conns[0]), ask(conns[1])); err != nil {
		t.Fatalf("the first two connections: %v", err)
	}
	if err := ask(conns[2]); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		t.Errorf("the third connection: %v, want it to wait", err)
	}
	_ = conns[0].Close()
	_ = conns[2].SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conns[2].Read(make([]byte, 1024)); err != nil {
		t.Errorf("the third connection after one closed: %v", err)
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// deadlines records what a handler's connection is told.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = append(d.read, t); return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = append(d.write, t); return nil }

func TestServer_deadlinesMoveWithProgress(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s, logs := newTestServer(Config{Now: func() time.Time { return clock }}, func(mux *http.ServeMux) {
		mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r.Body}, make([]byte, 32<<10))
		})
	})
	for size, want := range map[int]int{100: 0, step - 1: 0, step: 1, 10 * step: 10} {
		d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		s.Handler().ServeHTTP(d, httptest.NewRequest("POST", "/echo", strings.NewReader(strings.Repeat("x", size))))
		if len(d.read) != want || len(d.write) != want {
			t.Errorf("%d bytes moved the deadlines %d and %d times, want %d", size, len(d.read), len(d.write), want)
		}
		for _, got := range append(d.read, d.write...) {
			if !got.Equal(clock.Add(30 * time.Second)) {
				t.Errorf("deadline %v, want 30 s from %v", got, clock)
			}
		}
	}
	if !strings.Contains(logs.String(), fmt.Sprintf(`"bytes":%d`, 10*step)) {
		t.Errorf("log = %s", logs)
	}
}
