package gateway

import (
	"net/netip"
	"time"
)

// chatLimit counts one utterance, whichever way it came.
func (s *Server) chatLimit(user, role string, from netip.Addr) time.Duration {
	if s.o.Limiter == nil {
		return 0
	}
	wait := s.o.Limiter.Chat(user, from)
	if wait > 0 {
		s.meter.RateLimited("chat", role)
	}
	return wait
}
