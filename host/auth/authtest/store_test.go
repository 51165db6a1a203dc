package authtest

import (
	"testing"

	"github.com/jarvis-host/jarvis/host/auth"
)

func TestTheStoreInMemoryPassesTheSuite(t *testing.T) {
	Suite(t, func(*testing.T) auth.Store { return &Store{} })
}
