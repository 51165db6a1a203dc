package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// memoryList is GET /v1/memories.
type memoryList struct {
	Items []protocol.Memory `json:"items"`
	Next  string            `json:"next"`
}

func (h *hostProcess) memories() memoryList {
	h.t.Helper()
	var list memoryList
	if code := h.get("/v1/memories", &list); code != http.StatusOK {
		h.t.Fatalf("GET /v1/memories: status %d", code)
	}
	return list
}

// M01: what is said to be remembered is known on another device, also after the
// host was killed right behind the answer.
func TestWhatIsRememberedSurvivesAKill(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, quiet)
	got := h.dial("phone").ask("Souviens-toi que je suis allergique aux noix")
	if got.done.Source != "memory" || !got.done.MemorySaved || !strings.Contains(got.done.Text, "noix") {
		t.Fatalf("got %+v", got.done)
	}
	h.kill()
	until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })
	h = startHost(t, dir, quiet)
	tablet := h.dial("tablet")
	all := tablet.ask("Que sais-tu de moi ?")
	if all.done.Source != "memory" || !strings.Contains(all.done.Text, "noix") || len(all.done.Memory) != 1 {
		t.Errorf("got %+v", all.done)
	}
	// M03: why is answered with what was said.
	why := tablet.ask("Pourquoi tu crois ça ?")
	if !strings.Contains(why.done.Text, "Souviens-toi que je suis allergique aux noix") {
		t.Errorf("why: %+v", why.done)
	}
	// M02: the list of the interface is the same, with all that is known of each.
	list := h.memories()
	if len(list.Items) != 1 {
		t.Fatalf("the interface lists %+v", list)
	}
	m := list.Items[0]
	if m.ID != all.done.Memory[0].ID || m.Origin != "explicit" || m.Importance != 1 || m.Confidence == 0 ||
		len(m.Sources) != 1 || m.Sources[0].Turn != got.accepted.Turn || m.Sources[0].At == "" {
		t.Errorf("the interface lists %+v", m)
	}
}

// M04: a correction takes the old value's place everywhere but in the past.
func TestACorrectionTakesThePlaceOfTheOldValue(t *testing.T) {
	model := llmtest.New(t, llmtest.Rule{Chunks: []string{"D'accord."}})
	h := startHost(t, "", withModel(model.URL()))
	c := h.dial("a")
	if got := c.ask("j'habite à Lyon"); got.done.Source != "model" || !got.done.MemorySaved {
		t.Fatalf("got %+v", got.done)
	}
	c.ask("en fait, j'habite à Nantes")
	c = h.dial("b") // another conversation: the model sees no history
	c.ask("propose une balade dans ma ville, où est-ce que j'habite ?")
	asked := model.Requests()
	prompt := string(asked[len(asked)-1].Body)
	if !strings.Contains(prompt, "Nantes") || strings.Contains(prompt, "Lyon") {
		t.Errorf("the model was asked %s", prompt)
	}
	if all := c.ask("que sais-tu de moi ?").done.Text; !strings.Contains(all, "Nantes") || strings.Contains(all, "Lyon") {
		t.Errorf("all: %s", all)
	}
	var past memoryList
	h.get("/v1/memories?past=true", &past)
	if len(past.Items) != 2 {
		t.Errorf("the past is %+v", past.Items)
	}
}

// secretWord is a word that no program holds.
func secretWord() string { return "x" + strings.ToLower(rand.Text()) }

// M05, X09: what is forgotten leaves no byte in the data directory: not in
// memory, not in the conversations, not in what was asked about it.
func TestWhatIsForgottenLeavesNoByte(t *testing.T) {
	canary := secretWord()
	model := llmtest.New(t, llmtest.Rule{When: "code", Chunks: []string{"Le code est " + canary + "."}}, llmtest.Rule{Chunks: []string{"D'accord."}})
	h := startHost(t, "", withModel(model.URL()))
	c := h.dial("a")
	c.ask("je suis allergique au " + canary)
	c.ask("souviens-toi que le code de la porte est " + canary)
	if text := c.ask("que sais-tu de moi ?").done.Text; !strings.Contains(text, canary) {
		t.Fatalf("nothing is known: %s", text)
	}
	c.ask("bonjour")
	if len(h.holding(canary)) == 0 {
		t.Fatal("the canary is nowhere: the test looks in the wrong place")
	}
	b := h.dial("b") // forgotten in another conversation than said
	b.say("oublie ce que j'ai dit aujourd'hui")
	var q protocol.Question
	b.into(b.next(protocol.TypeQuestion), &q)
	if !strings.Contains(q.Text, canary) || q.Kind != "confirm" {
		t.Fatalf("the preview is %+v", q)
	}
	b.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: []byte("true")})
	var done protocol.Done
	b.into(b.next(protocol.TypeDone), &done)
	if done.State != "answered" || done.Source != "memory" || strings.Contains(done.Text, canary) {
		t.Fatalf("forgetting ended as %+v", done)
	}
	if files := h.holding(canary); len(files) > 0 {
		t.Errorf("the canary is still in %v", files)
	}
	c.ask("et maintenant ?")
	asked := model.Requests()
	if strings.Contains(string(asked[len(asked)-1].Body), canary) {
		t.Errorf("the model still reads it: %s", asked[len(asked)-1].Body)
	}
	h.stop()
	if files := h.holding(canary); len(files) > 0 {
		t.Errorf("after the end the canary is in %v", files)
	}
	if strings.Contains(h.log.String(), canary) {
		t.Error("the canary is in the log")
	}
}

// M07: a temporary conversation leaves no byte; remember:false none in memory.
func TestWhatIsPrivateIsNotRemembered(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("a")
	no, secret := false, secretWord()
	c.send(protocol.Say{Type: protocol.TypeSay, ID: "x1", Text: "je suis allergique au " + secret, Temporary: true})
	if got := c.turn(); got.done.MemorySaved {
		t.Errorf("a temporary conversation: %+v", got.done)
	}
	if got := c.ask("souviens-toi que j'aime le " + secret); got.done.MemorySaved {
		t.Errorf("a temporary conversation, asked to: %+v", got.done)
	}
	if files := h.holding(secret); len(files) > 0 {
		t.Errorf("a temporary conversation is in %v", files)
	}
	if strings.Contains(h.log.String(), secret) {
		t.Error("a temporary conversation is in the log")
	}
	c = h.dial("b")
	c.send(protocol.Say{Type: protocol.TypeSay, ID: "x2", Text: "j'aime le xylophone", Remember: &no})
	if got := c.turn(); got.done.MemorySaved {
		t.Errorf("remember:false: %+v", got.done)
	}
	if files := h.holding("xylophone", "memory"); len(files) > 0 || len(h.memories().Items) != 0 {
		t.Errorf("remember:false is in %v", files)
	}
}

// E16: without a model, memory answers what it was told.
func TestMemoryAnswersWithoutAModel(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("a")
	if got := c.ask("My sister's name is Clara"); !strings.Contains(got.done.Text, "Clara") || got.done.Source != "memory" || !got.done.MemorySaved {
		t.Errorf("told: %+v", got.done)
	}
	if got := c.ask("What is the name of my sister?"); !strings.Contains(got.done.Text, "Clara") || got.done.Source != "memory" {
		t.Errorf("asked: %+v", got.done)
	}
	if n := h.metric(`memory_operations_total{operation="remember",status="ok"}`); n != 1 {
		t.Errorf("counted %v writes", n)
	}
	if got := c.ask("What is the capital of Peru?"); got.done.Source != "host" || !got.done.Degraded {
		t.Errorf("what it does not know: %+v", got.done)
	}
}

// M05: a question whether to forget waits for its reply although the host is
// killed, and then it is forgotten for good.
func TestForgettingIsAskedAcrossARestart(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, quiet)
	c := h.dial("a")
	c.ask("remember that the code is zanzibar")
	c.say("forget everything about the code")
	var q, again protocol.Question
	c.into(c.next(protocol.TypeQuestion), &q)
	h.kill()
	until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })

	h = startHost(t, dir, quiet)
	c = h.dial("b")
	c.send(protocol.Resume{Type: protocol.TypeResume, Session: q.Session})
	if c.into(c.next(protocol.TypeQuestion), &again); again.Question != q.Question {
		t.Fatalf("the question became %+v, it was %+v", again, q)
	}
	c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: []byte("true")})
	var done protocol.Done
	if c.into(c.next(protocol.TypeDone), &done); done.Source != "memory" || done.State != "answered" {
		t.Errorf("after the reply: %+v", done)
	}
	if left := h.memories(); len(left.Items) != 0 {
		t.Errorf("left: %+v", left)
	}
}
