package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Answers that an older program kept did not say whose words they are: those that
// came without a model count as a plugin's.
func TestOldAnswersWithoutAModelArePlugins(t *testing.T) {
	ctx := t.Context()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "jarvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.CreateSession(ctx, session.Meta{ID: "s", User: "alice"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"intent": true, "dialogue": true, "model": false, "host": false, "memory": false}
	n := int64(0)
	for source := range want {
		n++
		id := fmt.Sprintf("m%d", n)
		err := db.Append(ctx, "s", session.Entry{
			Frame:   session.Frame{Seq: n, Turn: "t" + id, Type: "done", Body: fmt.Appendf(nil, `{"text":"\"source\":\"intent\"","source":%q}`, source)},
			Message: &turn.Message{ID: id, Turn: "t" + id, Role: turn.FromAssistant, Text: source},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	const number = 10
	if err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error { return tx.exec(ctx, all[number-1]) }); err != nil {
		t.Fatal(err)
	}
	messages, _, err := db.Messages(ctx, "s", "", 10)
	if err != nil || len(messages) != len(want) {
		t.Fatal(messages, err)
	}
	for _, m := range messages {
		if m.Foreign != want[m.Text] {
			t.Errorf("of source %s: foreign %v, want %v", m.Text, m.Foreign, want[m.Text])
		}
	}
}
