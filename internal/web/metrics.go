package web

import "net/http"

// metricsServer serves health for whoever watches apart from the public side: during
// a shutdown it is the last to go.
func (s *Server) metricsServer() *http.Server {
	mux := http.NewServeMux()
	s.mountHealth(mux)
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: ReadHeaderTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		MaxHeaderBytes:    MaxHeaderBytes,
	}
}
