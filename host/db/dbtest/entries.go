package dbtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// noon is when everything in the suite begins.
var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

// Meta describes a session of alice's.
func meta(id string) session.Meta {
	return session.Meta{ID: id, User: "alice", Title: "title of " + id, Created: noon, Updated: noon}
}

func frame(seq int64, turnID, kind string) session.Frame {
	return session.Frame{Seq: seq, Turn: turnID, Type: kind, Body: fmt.Appendf(nil, `{"type":%q,"turn":%q,"seq":%d}`, kind, turnID, seq)}
}

// Accepted is the step of an utterance.
func accepted(seq int64, turnID, client, text string) session.Entry {
	return session.Entry{
		Frame: frame(seq, turnID, "accepted"), ClientID: client,
		Message: &turn.Message{ID: fmt.Sprintf("m%d", seq), Turn: turnID, Role: turn.FromUser, Text: text, At: noon.Add(time.Duration(seq) * time.Second)},
	}
}

// Done is the step that ends a turn.
func done(seq int64, turnID, text string) session.Entry {
	return session.Entry{
		Frame: frame(seq, turnID, "done"),
		Message: &turn.Message{
			ID: fmt.Sprintf("m%d", seq), Turn: turnID, Role: turn.FromAssistant, Text: text,
			At: noon.Add(time.Duration(seq) * time.Second), State: turn.Answered,
		},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, s session.Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, s.CreateSession(t.Context(), meta(id)))
	}
}
