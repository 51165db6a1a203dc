package remote

import "github.com/jarvis-host/jarvis/host/llm"

const (
	// maxJoined is how many bytes of text are joined, and maxPieces of how many
	// pieces: what follows has to be read first, while the person waits.
	maxJoined = 4 << 10
	maxPieces = 16
)

// Speech joins pieces of text that have come already, so that an answer that is
// quicker than its reader takes fewer steps. It holds nothing while it waits: call
// Flush before.
type Speech struct {
	yield  func(llm.Event, error) bool
	text   []byte
	pieces int
	gone   bool
}

// NewSpeech returns one that yields to a consumer.
func NewSpeech(yield func(llm.Event, error) bool) *Speech { return &Speech{yield: yield} }

// Yield takes an event; false means that the consumer has left.
func (s *Speech) Yield(ev llm.Event, err error) bool {
	if d, ok := ev.(llm.Delta); ok && err == nil {
		s.text = append(s.text, d.Text...)
		s.pieces++
		return s.pieces < maxPieces && len(s.text) < maxJoined && !s.gone || s.Flush()
	}
	return s.Flush() && s.pass(ev, err)
}

// Flush yields the text that is held.
func (s *Speech) Flush() bool {
	if len(s.text) == 0 {
		return !s.gone
	}
	text := string(s.text)
	s.text, s.pieces = s.text[:0], 0
	return s.pass(llm.Delta{Text: text}, nil)
}

func (s *Speech) pass(ev llm.Event, err error) bool {
	s.gone = s.gone || !s.yield(ev, err)
	return !s.gone
}
