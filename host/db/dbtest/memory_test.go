package dbtest

import (
	"testing"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/session"
)

func TestTheStoreInMemoryPassesTheSuite(t *testing.T) {
	Sessions(t, func(*testing.T) session.Store { return session.NewMemory() })
}

func TestTheReceiptsInMemoryPassTheSuite(t *testing.T) {
	Receipts(t, func(*testing.T) effect.Store { return effect.NewMemory() })
}
