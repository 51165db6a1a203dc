package gateway

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
)

func TestAChatIsAnsweredWithTheTurnsEnd(t *testing.T) {
	w := newWorld(t)
	var a protocol.Answer
	w.do(t, "POST", "/v1/chat", `{"text":"tool please","remember":false}`, w.as("alice")).into(t, &a)
	want := []protocol.AnswerTool{{Plugin: "lamp", Tool: "on", State: "executed"}}
	if a.Text != "you said tool please" || a.State != "answered" || a.Source != "intent" || a.Session == "" || a.Turn == "" || a.MemorySaved {
		t.Errorf("got %+v", a)
	}
	if d := cmp.Diff(want, a.Tools); d != "" {
		t.Errorf("tools (-want +got):\n%s", d)
	}
	var b protocol.Answer
	w.do(t, "POST", "/v1/chat", `{"text":"more","session":"`+a.Session+`"}`, w.as("alice")).into(t, &b)
	if b.Session != a.Session || b.Text != "you said more" || b.Tools == nil {
		t.Errorf("got %+v", b)
	}
}

func TestATurnThatFailsIsAnAnswer(t *testing.T) {
	w := newWorld(t)
	var a protocol.Answer
	got := w.do(t, "POST", "/v1/chat", `{"text":"fail"}`, w.as("alice"))
	got.into(t, &a)
	if got.status != 200 || a.State != "failed" || a.Code != "unavailable" {
		t.Errorf("got %d %+v", got.status, a)
	}
}

func TestAQuestionComesBackAndTheNextChatAnswersIt(t *testing.T) {
	w := newWorld(t)
	var q protocol.Asked
	w.do(t, "POST", "/v1/chat", `{"text":"ask"}`, w.as("alice")).into(t, &q)
	if q.Question.Text != "sure?" || q.Question.Kind != "confirm" || q.Turn == "" || q.Question.ExpiresIn != 120 {
		t.Fatalf("got %+v", q)
	}
	var a protocol.Answer
	w.do(t, "POST", "/v1/chat", `{"text":"true","session":"`+q.Session+`"}`, w.as("alice")).into(t, &a)
	if a.Text != `reply "true" expired false` {
		t.Errorf("got %+v", a)
	}
}

func TestAChatStreamsItsFrames(t *testing.T) {
	w := newWorld(t)
	a := w.do(t, "POST", "/v1/chat", `{"text":"hi"}`, w.as("alice"), header("Accept", "text/event-stream"))
	if a.status != 200 || a.header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %d %v", a.status, a.header)
	}
	var kinds, ids []string
	for event := range strings.SplitSeq(strings.TrimSpace(a.body), "\n\n") {
		for line := range strings.SplitSeq(event, "\n") {
			if kind, ok := strings.CutPrefix(line, "event: "); ok && (len(kinds) == 0 || kinds[len(kinds)-1] != kind) {
				kinds = append(kinds, kind)
			}
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				ids = append(ids, id)
			}
		}
	}
	if d := cmp.Diff([]string{"accepted", "delta", "done"}, kinds); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"1", "2"}, ids); d != "" {
		t.Errorf("ids (-want +got):\n%s", d)
	}
	bad := w.do(t, "POST", "/v1/chat", `{}`, w.as("alice"), header("Accept", "text/event-stream"))
	if bad.status != 400 || bad.failure(t).Field != "text" {
		t.Errorf("a bad body: %d %s", bad.status, bad.body)
	}
}

func TestAnIdempotencyKeyRunsOnce(t *testing.T) {
	w := newWorld(t)
	const body = `{"text":"tool please"}`
	var all sync.WaitGroup
	answers := make([]answer, 5)
	for i := range answers {
		all.Go(func() {
			answers[i] = w.do(t, "POST", "/v1/chat", body, w.as("alice"), header("Idempotency-Key", "k 1/é"))
		})
	}
	all.Wait()
	for _, a := range answers {
		if d := cmp.Diff(answers[0].body, a.body); a.status != 200 || d != "" {
			t.Errorf("got %d, another answer (-first +this):\n%s", a.status, d)
		}
	}
	var sessions protocol.List[protocol.Session]
	w.do(t, "GET", "/v1/sessions", "", w.as("alice")).into(t, &sessions)
	if len(sessions.Items) != 1 {
		t.Errorf("%d sessions, want 1", len(sessions.Items))
	}
	if a := w.do(t, "POST", "/v1/chat", `{"text":"other"}`, w.as("alice"), header("Idempotency-Key", "k 1/é")); a.status != 409 || a.failure(t).Field != "Idempotency-Key" {
		t.Errorf("another body: %d %s", a.status, a.body)
	}
	var bob protocol.Answer
	w.do(t, "POST", "/v1/chat", body, w.as("bob"), header("Idempotency-Key", "k 1/é")).into(t, &bob)
	if bob.Session == sessions.Items[0].ID {
		t.Error("bob's key is alice's")
	}
}

func TestRememberedKeysAreBounded(t *testing.T) {
	var r repeats
	now := time.Now()
	for i := range maxRepeats + 100 {
		first, err := r.use("alice", strings.Repeat("k", i%200)+string(rune('a'+i%26))+time.Duration(i).String(), nil, now)
		must(t, err)
		first.Unlock()
	}
	if len(r.first) > maxRepeats {
		t.Errorf("%d keys are remembered, want at most %d", len(r.first), maxRepeats)
	}
	if _, err := r.use("alice", strings.Repeat("k", maxKey+1), nil, now); protocol.CodeOf(err) != protocol.Invalid {
		t.Errorf("a key that is too long: %v", err)
	}
}

// strict lets one of each through.
type strictLimiter struct {
	mu            sync.Mutex
	chat, connect int
}

func (l *strictLimiter) Chat(string, netip.Addr) (time.Duration, int, bool) {
	return l.over(&l.chat), 1, true
}
func (l *strictLimiter) Connecting(netip.Addr) (time.Duration, int) { return 0, 0 }
func (l *strictLimiter) Connect(netip.Addr) (time.Duration, int)    { return l.over(&l.connect), 1 }
func (l *strictLimiter) Failed(netip.Addr) (time.Duration, int)     { return 0, 0 }
func (l *strictLimiter) Open(string, netip.Addr) (func(), int)      { return func() {}, 0 }

func (l *strictLimiter) over(n *int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *n++; *n > 1 {
		return 1500 * time.Millisecond
	}
	return 0
}

func TestWhatIsOverALimitIsTold(t *testing.T) { // S05
	w := newWorld(t, func(o *Options) { o.Limiter = &strictLimiter{} })
	c := w.dial(t, "alice")
	c.say(sayFrame("m1", "hello"))
	c.until(protocol.TypeDone)
	c.say(sayFrame("m2", "hello"))
	if f := c.next(); f.Code != "rate_limited" || f.RetryAfterMS != 1500 || f.ID != "m2" {
		t.Errorf("got %+v", f)
	}
	a := w.do(t, "POST", "/v1/chat", `{"text":"hi"}`, w.as("alice"))
	if f := a.failure(t); a.status != 429 || a.header.Get("Retry-After") != "2" || f.RetryAfterMS != 1500 {
		t.Errorf("got %d %v %+v", a.status, a.header, f)
	}
	if a := w.do(t, "GET", "/ws", "", w.as("alice")); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("second handshake: %d", a.status)
	}
	if w.meter.get("limited chat user") != 2 || w.meter.get("limited ws address") != 1 {
		t.Errorf("counted %v", w.meter.n)
	}
	for i := range maxRefused {
		c.say(sayFrame("n"+strings.Repeat("x", i), "hello"))
	}
	if code := c.closeCode(); code != protocol.CloseRateLimited {
		t.Errorf("closed with %d, want %d", code, protocol.CloseRateLimited)
	}
}

func TestAClientThatLeavesItsChatLeavesNothingBehind(t *testing.T) { // fault-H27
	w := newWorld(t)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 200 * time.Millisecond}
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+w.addr+"/v1/chat", strings.NewReader(`{"text":"wait"}`))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	w.as("alice")(r)
	if resp, err := client.Do(r); err == nil {
		resp.Body.Close()
		t.Fatal("the turn ended early")
	}
	w.answerer.letGo() // the turn is kept; the cleanup finds no goroutine left
}
