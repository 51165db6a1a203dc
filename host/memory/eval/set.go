package eval

import (
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Dialogue is one memory with questions about it.
type Dialogue struct {
	Name      string
	Said      []memory.Said
	Questions []Question
}

// Question is what is asked, and which episodes answer it; none do when nothing
// that was said does.
type Question struct {
	Text     string
	Lang     string
	Category string
	Evidence []string
	At       time.Time
}
