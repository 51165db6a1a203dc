package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// aside reads frames until a turn ends that no accepted frame began.
func (c *client) aside() protocol.Done {
	c.t.Helper()
	begun := map[string]bool{}
	for {
		f := c.any()
		switch f.Type {
		case protocol.TypeAccepted:
			begun[f.Turn] = true
		case protocol.TypeDone:
			if !begun[f.Turn] {
				var d protocol.Done
				c.into(f, &d)
				return d
			}
		}
	}
}

// A plugin that was woken by its schedule speaks up in the conversation that it
// belongs to: every device sees it, one that comes later too, and nothing else is
// disturbed.
func TestAPluginSpeaksUpInAConversation(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	a := h.dial("a")
	a.say("make some toast")
	said := a.aside()
	if said.Text != "The toast is ready." || said.State != "answered" || said.Source != "dialogue" || said.Lang != "en" {
		t.Errorf("got %+v", said)
	}
	a.session = said.Session
	if got := a.ask("count one more").done.Text; got != "1 so far" {
		t.Errorf("the conversation goes on with %q", got)
	}
	b := h.dial("b")
	b.send(protocol.Resume{Type: protocol.TypeResume, Session: said.Session, After: said.Seq - 1})
	var again protocol.Done
	b.into(b.next(protocol.TypeDone), &again)
	if again.Turn != said.Turn || again.Seq != said.Seq || again.Text != said.Text {
		t.Errorf("a device that comes later got %+v, want %+v", again, said)
	}
	var history struct {
		Items []struct{ Turn, Role, Text string }
	}
	if code := h.get("/v1/sessions/"+said.Session+"/messages", &history); code != http.StatusOK || len(history.Items) != 5 {
		t.Fatalf("status %d, history %+v", code, history)
	}
	if m := history.Items[2]; m.Turn != said.Turn || m.Role != "assistant" || m.Text != said.Text {
		t.Errorf("in the history it is %+v", m)
	}
	if !strings.Contains(h.log.String(), "plugin spoke up: plugin=kitchen") || strings.Contains(h.log.String(), "toast is ready") {
		t.Errorf("the log does not tell, or tells too much:\n%s", h.log)
	}
}

// After a restart of the host too a plugin speaks up where it was called before,
// and nowhere else.
func TestAPluginSpeaksUpInAConversationOfBeforeARestart(t *testing.T) {
	config := quiet + "plugins:\n  copycat:\n    enabled: true\n    path: jarvis-plugin-copycat\n    grants: [session]\n"
	h := startHost(t, "", config)
	h.ready("copycat")
	called, other := h.dial("a"), h.dial("b")
	called.ask("copy me")
	other.ask("what time is it")
	h.kill()
	h = startHost(t, h.dir, config)
	h.ready("copycat")
	for _, tc := range []struct {
		session string
		code    int
		last    string
	}{{called.session, http.StatusOK, "and me"}, {other.session, http.StatusForbidden, ""}, {"s_none", http.StatusForbidden, ""}} {
		if code := h.rest(http.MethodPost, "/v1/tools/copycat/chime", `{"session":"`+tc.session+`"}`, nil); code != tc.code {
			t.Errorf("%s: status %d, want %d", tc.session, code, tc.code)
		}
		var history struct{ Items []struct{ Text string } }
		if tc.last == "" || h.get("/v1/sessions/"+tc.session+"/messages", &history) == http.StatusOK && history.Items[len(history.Items)-1].Text == tc.last {
			continue
		}
		t.Errorf("%s: the history is %+v", tc.session, history)
	}
}

// Who speaks the original's shape reads one answer to each message.
func TestThoseOfTheOriginalsShapeReadOnlyAnswers(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+h.addr+"/ws", http.Header{"Authorization": {"Bearer " + h.key}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ask := func(text string) string {
		t.Helper()
		if err := conn.WriteJSON(map[string]string{"message": text}); err != nil {
			t.Fatal(err)
		}
		var answer struct{ Response string }
		if err := conn.ReadJSON(&answer); err != nil {
			t.Fatal(err)
		}
		return answer.Response
	}
	if got := ask("make some toast"); got != "in a moment" {
		t.Errorf("got %q", got)
	}
	until(t, "the plugin to speak up", func() bool { return strings.Contains(h.log.String(), "plugin spoke up") })
	if got := ask("count one more"); got != "1 so far" {
		t.Errorf("got %q", got)
	}
}

func TestAPluginThatMayNotSpeakUpIsTold(t *testing.T) {
	h := startHost(t, "", quiet+strings.Replace(withKitchen, "session, ", "", 1))
	if p := h.plugin("kitchen"); p.State != "blocked" || !strings.Contains(p.Reason, "session") {
		t.Errorf("got %+v", p)
	}
}

func TestTheTerminalShowsWhatNobodyAskedFor(t *testing.T) {
	var out, aside strings.Builder
	c := &conversation{p: &program{stdout: &out, stderr: &aside}, t: wording{}}
	frames := []any{
		protocol.Accepted{Head: protocol.Head{Type: "accepted", Session: "s", Turn: "t1", Seq: 1}},
		protocol.Delta{Type: "delta", Session: "s", Turn: "t1", Text: "Once upon"},
		protocol.Done{Head: protocol.Head{Type: "done", Session: "s", Turn: "t9", Seq: 2}, Text: "Tea!", State: "answered"},
		protocol.Delta{Type: "delta", Session: "s", Turn: "t1", Offset: 9, Text: " a time"},
		protocol.Done{Head: protocol.Head{Type: "done", Session: "s", Turn: "t1", Seq: 3}, Text: "Once upon a time", State: "answered"},
	}
	ends := 0
	c.open = 1
	for _, v := range frames {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		f := frame{raw: raw}
		if err := json.Unmarshal(raw, &f.Head); err != nil {
			t.Fatal(err)
		}
		done, err := c.show(f)
		if err != nil {
			t.Fatal(err)
		}
		if done != nil {
			ends++
		}
	}
	if got := out.String(); got != "Once upon\nTea!\n a time\n" || ends != 1 || c.open != 0 || c.seq != 3 {
		t.Errorf("got %q, %d ends, %d open, seq %d", got, ends, c.open, c.seq)
	}
}
