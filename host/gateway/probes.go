package gateway

import "net/http"

// health says that the program runs. It touches nothing.
func (s *Server) health(x *exchange) error {
	return x.json(http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
}

func (s *Server) ready(x *exchange) error {
	report := s.o.Health.Ready()
	if s.draining.Load() {
		report.Ready, report.Draining = false, true
	}
	status := http.StatusOK
	if !report.Ready {
		status = http.StatusServiceUnavailable
	}
	return x.json(status, report)
}

func (s *Server) metrics(x *exchange) error {
	s.o.Metrics.ServeHTTP(x, x.r)
	return nil
}

func (s *Server) page(x *exchange) error {
	s.o.Page.ServeHTTP(x, x.r)
	return nil
}
