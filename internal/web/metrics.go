package web

import "net/http"

// metricsServer serves the metrics and, for whoever watches there, health: during a
// shutdown it is the last to go.
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
