package openai

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// Bounds of what one answer may call.
const (
	maxCalls     = 128
	maxArguments = 1 << 20 // of all calls together, in bytes
)

// calls puts tool calls together from their fragments. Servers number them,
// name them by an id, do both, or neither; some number every call 0.
type calls struct {
	ids  *remote.IDs
	list []*call
	size int
}

type call struct {
	index     int
	id, name  string
	arguments []byte
	object    bool // the arguments came as an object, whole
}

// add takes in a fragment.
func (s *calls) add(d *callDelta) error {
	c := s.of(d)
	if c == nil {
		if len(s.list) == maxCalls {
			return fmt.Errorf("answer passed the cap of %d tool calls", maxCalls)
		}
		c = &call{index: len(s.list), id: d.ID}
		if d.Index != nil {
			c.index = *d.Index
		}
		s.list = append(s.list, c)
	}
	if c.name == "" {
		c.name = d.Function.Name
	}
	return s.argue(c, d.Function.Arguments)
}

// of returns the call that a fragment continues, or nil when it begins one.
func (s *calls) of(d *callDelta) *call {
	var found *call
	for _, c := range s.list {
		if d.Index != nil && c.index == *d.Index || d.Index == nil {
			found = c // the latest one counts
		}
	}
	switch {
	case found == nil:
		return nil
	case d.ID != "" && d.ID != found.id:
		return nil // another call under the same number
	case d.ID == "" && d.Function.Name != "" && found.complete():
		return nil // so is a second name after a whole call
	case d.ID != "" && d.Function.Name != "" && found.complete() && !blank(d.Function.Arguments):
		return nil // and one whose id is used again
	default:
		return found
	}
}

// blank reports whether a fragment brings no arguments.
func blank(v jsontext.Value) bool { return len(v) == 0 || v.Kind() == 'n' || string(v) == `""` }

// complete reports whether a call has all its arguments.
func (c *call) complete() bool {
	return c.object || len(c.arguments) > 0 && jsontext.Value(c.arguments).IsValid(lenient)
}

// argue adds to a call's arguments: a piece of text, or an object at once.
func (s *calls) argue(c *call, v jsontext.Value) error {
	switch v.Kind() {
	case '"':
		var piece string
		_ = json.Unmarshal(v, &piece, lenient) // it is a text, and was parsed before
		c.arguments = append(c.arguments, piece...)
		s.size += len(piece)
	case 'n', 0:
	default:
		c.arguments, c.object = append(c.arguments[:0], v...), true
		s.size += len(v)
	}
	if s.size > maxArguments {
		return fmt.Errorf("answer passed the cap of %d bytes of arguments", maxArguments)
	}
	return nil
}

var errNoName = errors.New("it has no name")

// all returns the calls in the order in which they began.
func (s *calls) all() ([]llm.ToolCall, error) {
	var out []llm.ToolCall
	for _, c := range s.list {
		if c.name == "" {
			return nil, errNoName
		}
		arguments, err := remote.Arguments(c.arguments)
		if err != nil {
			return nil, fmt.Errorf("%.64q: %w", c.name, err)
		}
		out = append(out, llm.ToolCall{ID: s.ids.Of(c.id), Name: c.name, Arguments: arguments})
	}
	return out, nil
}
