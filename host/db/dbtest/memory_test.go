package dbtest

import (
	"testing"

	"github.com/jarvis-host/jarvis/host/session"
)

func TestTheStoreInMemoryPassesTheSuite(t *testing.T) {
	Sessions(t, func(*testing.T) session.Store { return session.NewMemory() })
}
