package main

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// holding lists the files below the data directory that hold some text;
// programs, which here hold this test, aside.
func (h *hostProcess) holding(text string, below ...string) (files []string) {
	h.t.Helper()
	filesBelow(h.t, filepath.Join(append([]string{h.data()}, below...)...), func(path string, raw []byte) {
		if bytes.Contains(bytes.ToLower(raw), []byte(text)) {
			files = append(files, path)
		}
	})
	return files
}

// TestAKilledHostInterruptsWhatItSaidAndItCanBeSaidAgain is one client and two
// lives of a host.
func TestAKilledHostInterruptsWhatItSaidAndItCanBeSaidAgain(t *testing.T) { // E11, E12, fault-C2, fault-C15
	model := llmtest.New(t, llmtest.Rule{Chunks: []string{"mostly ", "harmless ", "unsaid "}, Fault: llmtest.StallMid, Times: 1})
	dir := t.TempDir()
	h := startHost(t, dir, withModel(model.URL()))
	c := h.dial("one")
	c.say("tell me about the answer")
	var accepted protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &accepted)
	var first protocol.Delta
	c.into(c.next(protocol.TypeDelta), &first)
	c.session = accepted.Session
	c.say("this one waits")
	var waiting protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &waiting)
	until(t, "the text so far to be on disk", func() bool { return len(h.holding("mostly ")) > 0 })
	h.kill()

	h = startHost(t, dir, withModel(model.URL()))
	c = h.dial("two")
	c.session = accepted.Session
	c.send(protocol.Resume{Type: protocol.TypeResume, Session: accepted.Session, After: waiting.Seq, Turn: accepted.Turn, Offset: 0})
	for i, turn := range []string{accepted.Turn, waiting.Turn} {
		var done protocol.Done
		c.into(c.next(protocol.TypeDone), &done)
		if done.Turn != turn || done.State != "interrupted" || done.Seq != waiting.Seq+int64(i)+1 || i == 0 && !strings.HasPrefix(done.Text, "mostly ") {
			t.Errorf("end %d is %+v", i, done)
		}
	}
	asked := len(model.Requests())
	again := protocol.Say{Type: protocol.TypeSay, ID: accepted.ID, Text: accepted.Text, Session: accepted.Session}
	c.send(again) // a client that did not see accepted: nothing runs twice
	var same protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &same)
	if same.Seq != accepted.Seq || same.Turn != accepted.Turn || len(model.Requests()) != asked {
		t.Errorf("the same message again was accepted as %+v", same)
	}
	retried := c.ask(accepted.Text)
	if retried.done.State != "answered" {
		t.Errorf("said anew it ended as %+v", retried.done)
	}
	var messages protocol.List[protocol.Message]
	h.get("/v1/sessions/"+accepted.Session+"/messages", &messages)
	var states []string
	for _, m := range messages.Items {
		states = append(states, m.Role+" "+m.State)
	}
	if got := strings.Join(states, ","); got != "user ,user ,assistant interrupted,assistant interrupted,user ,assistant answered" {
		t.Errorf("the history is %s", got)
	}
}

// TestWhatIsForgottenLeavesNoBytes looks for words in all files of a host that
// runs: of a session that is deleted, and of one that is temporary.
func TestWhatIsForgottenLeavesNoBytes(t *testing.T) { // M07 and E15: a deleted session
	model := llmtest.New(t)
	h := startHost(t, "", withModel(model.URL()))
	c := h.dial("one")
	no := false
	tell := func(id, text string, temporary bool) turnFrames {
		c.send(protocol.Say{Type: protocol.TypeSay, ID: id, Text: text, Temporary: temporary, Remember: &no})
		return c.turn()
	}
	kept := tell("k", "the canaryone sings of xylophones", false)
	if len(h.holding("canaryone")) == 0 {
		t.Fatal("what was kept is in no file: this test looks in the wrong place")
	}
	tell("t", "the canarytwo sings of xylophones", true)
	if code := h.rest(http.MethodPatch, "/v1/sessions/"+kept.accepted.Session, `{"title":"canarythree"}`, nil); code != http.StatusOK {
		t.Fatalf("rename: %d", code)
	}
	if code := h.rest(http.MethodDelete, "/v1/sessions/"+kept.accepted.Session, "", nil); code != http.StatusNoContent {
		t.Fatalf("delete: %d", code)
	}
	clean := func(when string) {
		t.Helper()
		for _, word := range []string{"canaryone", "canarytwo", "canarythree", "xylophone"} {
			if files := h.holding(word); len(files) > 0 {
				t.Errorf("%s, %q is still in %s", when, word, files)
			}
			if strings.Contains(strings.ToLower(h.log.String()), word) {
				t.Errorf("%s, %q is in the log", when, word)
			}
		}
	}
	clean("while the host runs")
	h.stop()
	clean(fmt.Sprintf("after the host stopped (%v)", h.cmd.ProcessState))
}
