package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// TestConversationsAreExportedWhole has more sessions and messages than a page
// of either.
func TestConversationsAreExportedWhole(t *testing.T) { // E15
	w := newWorld(t)
	c := w.dial(t, "alice")
	c.say(sayFrame("m0", "élan 0"))
	long := c.until(protocol.TypeDone)[0].Session
	for i := 1; i < 150; i++ {
		c.say(sayFrame(fmt.Sprint("m", i), fmt.Sprint("élan ", i)))
		c.until(protocol.TypeDone)
	}
	for range 205 {
		w.do(t, "POST", "/v1/chat", `{"text":"short"}`, w.as("alice"))
	}
	w.do(t, "POST", "/v1/chat", `{"text":"of another"}`, w.as("bob"))

	var got struct {
		Exported string
		Sessions []struct {
			protocol.Session
			Messages []protocol.Message
		}
	}
	a := w.do(t, "GET", "/v1/export/sessions", "", w.as("alice"))
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("%v in %.300s", err, a.body)
	}
	messages := map[string]int{}
	for _, s := range got.Sessions {
		messages[s.ID] = len(s.Messages)
	}
	if len(messages) != 206 || messages[long] != 300 || got.Exported == "" || strings.Contains(a.body, "of another") {
		t.Errorf("%d sessions, %d messages in the long one", len(messages), messages[long])
	}
	if !strings.Contains(a.header.Get("Content-Disposition"), "jarvis-sessions.json") {
		t.Errorf("headers %v", a.header)
	}
}

func TestAConversationIsExportedToBeRead(t *testing.T) {
	w := newWorld(t)
	var made protocol.Answer
	w.do(t, "POST", "/v1/chat", `{"text":"éteins # la lampe"}`, w.as("alice")).into(t, &made)
	w.do(t, "POST", "/v1/chat", `{"text":"other"}`, w.as("alice"))
	a := w.do(t, "GET", "/v1/export/sessions?format=markdown&session="+made.Session, "", w.as("alice"))
	for _, want := range []string{"# éteins # la lampe\n", "**en export.user** · 2026-05-01T12:00:00", "\n\nyou said éteins # la lampe\n"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %q in %s", want, a.body)
		}
	}
	if strings.Contains(a.body, "other") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/markdown") {
		t.Errorf("got %v %s", a.header, a.body)
	}
	for _, c := range []struct{ query, as string }{{"format=pdf", "alice"}, {"session=" + made.Session, "bob"}, {"session=..", "alice"}} {
		if a := w.do(t, "GET", "/v1/export/sessions?"+c.query, "", w.as(c.as)); a.status != 400 && a.status != 404 {
			t.Errorf("%s as %s: %d %s", c.query, c.as, a.status, a.body)
		}
	}
}
