package gateway

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// An answer that is on its way ends with its credential, in whatever shape and
// however the credential ends; the turn goes on, for the end user's other devices.
func TestAnAnswerOnItsWayEndsWithItsCredential(t *testing.T) { // fault-H14, fault-D6
	for how, end := range map[string]func(w *world, id string) error{
		"revoked":      func(w *world, id string) error { return w.auth.RevokeKey(t.Context(), "", id) },
		"expired":      func(w *world, _ string) error { w.clock.add(time.Hour); return nil },
		"user removed": func(w *world, _ string) error { return w.auth.RemoveUser(t.Context(), w.users["alice"].ID) },
	} {
		for shape, c := range map[string]struct{ path, accept string }{
			"events": {"/v1/chat", "text/event-stream"}, "JSON": {"/v1/chat", "application/json"}, "door": {"/v1/door", ""},
		} {
			t.Run(how+" "+shape, func(t *testing.T) {
				entered := make(chan struct{}, 2)
				w := newWorld(t, func(o *Options) {
					o.Config.PingEvery = 1000 * time.Hour
					o.Doors = []Door{{Method: "POST", Path: "/v1/door", Serve: func(w http.ResponseWriter, r *http.Request, _ []byte, _ session.Identity, _ func() error) {
						entered <- struct{}{}
						<-r.Context().Done()
						w.WriteHeader(problemOf(context.Cause(r.Context())).Code.Status())
					}}}
				})
				key, made, err := w.auth.CreateKey(t.Context(), w.users["alice"].ID, "", time.Hour)
				must(t, err)
				ask := func(key string) *http.Response {
					r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+w.addr+c.path, strings.NewReader(`{"text":"wait here"}`))
					must(t, err)
					r.Header.Set("Content-Type", "application/json")
					r.Header.Set("Accept", c.accept)
					r.Header.Set("X-API-Key", key)
					resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
					must(t, err)
					t.Cleanup(func() { resp.Body.Close() })
					return resp
				}
				began := func() {
					if shape == "door" {
						<-entered
						return
					}
					w.eventually(t, "the turn", func() bool { return w.meter.get("chat false ok") > 0 })
				}
				if shape == "events" {
					resp := ask(key)
					r := bufio.NewReader(resp.Body)
					for line := ""; line != "event: delta\n"; { // it is on its way
						line, err = r.ReadString('\n')
						must(t, err)
					}
					must(t, end(w, made.ID))
					rest, err := io.ReadAll(r)
					must(t, err)
					if !strings.Contains(string(rest), "event: error\ndata: {\"type\":\"error\",\"code\":\"unauthenticated\"") || strings.Contains(string(rest), "event: done") {
						t.Errorf("the stream ends with %q", rest)
					}
				} else {
					got := make(chan int, 1)
					go func() { got <- ask(key).StatusCode }()
					began()
					must(t, end(w, made.ID))
					if status := <-got; status != 401 {
						t.Errorf("got %d, want 401", status)
					}
				}
				w.eventually(t, "nothing to wait", func() bool {
					w.mu.Lock()
					defer w.mu.Unlock()
					return len(w.waiting) == 0
				})
				if how == "user removed" || shape == "door" {
					return
				}
				var all protocol.List[protocol.Session]
				w.do(t, "GET", "/v1/sessions", "", w.as("alice")).into(t, &all)
				w.answerer.letGo()
				w.eventually(t, "the turn's end", func() bool {
					return strings.Contains(w.do(t, "GET", "/v1/sessions/"+all.Items[0].ID+"/messages", "", w.as("alice")).body, `"text":"you said wait here"`)
				})
			})
		}
	}
}

// An answer of somebody else goes on, and one whose end user merely changed does.
func TestAnAnswerGoesOnWhenOthersChange(t *testing.T) {
	w := newWorld(t)
	done := make(chan string, 1)
	go func() {
		done <- w.do(t, "POST", "/v1/chat", `{"text":"wait here"}`, w.as("bob"), header("Accept", "text/event-stream")).body
	}()
	w.eventually(t, "the turn", func() bool { return w.meter.get("chat false ok") > 0 })
	must(t, w.auth.RemoveUser(t.Context(), w.users["alice"].ID))
	for _, lang := range []string{"fr", "en"} { // who is looked at a second time stood the first
		if a := w.do(t, "PATCH", "/v1/me", `{"lang":"`+lang+`"}`, w.as("bob")); a.status != 200 {
			t.Fatal(a.body)
		}
		generation, err := w.auth.Changes(t.Context())
		must(t, err)
		w.eventually(t, "a look at it", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			for r := range w.waiting {
				return r.checked == generation
			}
			return false
		})
	}
	w.answerer.letGo()
	if body := <-done; !strings.Contains(body, "event: done") {
		t.Errorf("it ends with %q", body)
	}
}

type rooms = Sessions // which a field could not be called

// stuck accepts nothing until whoever asks gives up, and its one conversation has
// pages without end.
type stuck struct {
	rooms
	entered chan struct{}
	pages   atomic.Int64
}

func (s *stuck) Say(ctx context.Context, _ session.Identity, _ protocol.Say, _ session.Subscriber) (string, session.Frame, error) {
	s.entered <- struct{}{}
	<-ctx.Done()
	return "", session.Frame{}, ctx.Err()
}

func (s *stuck) Session(context.Context, session.Identity, string) (session.Meta, error) {
	return session.Meta{ID: "s_long"}, nil
}

func (s *stuck) Messages(ctx context.Context, _ session.Identity, _, _ string, _ int) ([]turn.Message, string, error) {
	if s.pages.Add(1) == 1 {
		s.entered <- struct{}{}
		<-ctx.Done()
	} else if s.pages.Load() == 100 {
		return nil, "", nil // far enough
	}
	return []turn.Message{{Text: "private"}}, "more", nil
}

// What has not begun, and what is a file on its way, end as well.
func TestWhatIsNoTurnEndsWithItsCredentialToo(t *testing.T) { // fault-H14
	s := &stuck{entered: make(chan struct{})}
	w := newWorld(t, func(o *Options) { s.rooms = o.Sessions; o.Sessions = s })
	key, made, err := w.auth.CreateKey(t.Context(), w.users["alice"].ID, "", 0)
	must(t, err)
	said := make(chan int)
	go func() { said <- w.do(t, "POST", "/v1/chat", `{"text":"hello"}`, header("X-API-Key", key)).status }()
	cut := make(chan error)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+w.addr+"/v1/export/sessions?session=s_long", http.NoBody)
		if err == nil {
			r.Header.Set("X-API-Key", key)
			var resp *http.Response
			if resp, err = (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r); err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}
		cut <- err
	}()
	<-s.entered
	<-s.entered
	must(t, w.auth.RevokeKey(t.Context(), "", made.ID))
	if status := <-said; status != 401 {
		t.Errorf("an utterance that was not accepted yet: %d, want 401", status)
	}
	if err := <-cut; err == nil || s.pages.Load() != 1 {
		t.Errorf("an export ends with %v after %d pages, want it cut after the first", err, s.pages.Load())
	}
}

// However much of an answer waits for a client that reads slowly.
func TestWhatWaitsOfAnAnswerEndsWithItsCredential(t *testing.T) {
	f := newFollower()
	f.turn = "t_1"
	f.Delta("s_1", "t_1", 0, "private")
	ctx, end := context.WithCancelCause(t.Context())
	end(errRevoked)
	if it, err := f.next(ctx); !errors.Is(err, errRevoked) {
		t.Errorf("got %q, %v", it.data, err)
	}
}

// A client that does not read can't put off the end of its socket: what it says
// after its credential was revoked is not done, and what waited is not for it.
func TestASocketThatReadsSlowlyEndsWithItsCredential(t *testing.T) { // fault-H14
	for how, end := range map[string]func(w *world, id string) error{
		"revoked": func(w *world, id string) error { return w.auth.RevokeKey(t.Context(), "", id) },
		"expired": func(*world, string) error { time.Sleep(10 * time.Second); return nil },
	} {
		t.Run(how, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world, p pipes) {
				key, made, err := w.auth.CreateKey(t.Context(), w.users["alice"].ID, "", 2*time.Second)
				must(t, err)
				w.keys["short"] = key
				s := w.handshakeOn(t, p.dial(), "short", protocol.Subprotocol)
				_, _, err = s.read() // hello
				must(t, err)
				s.text(sayFrame("m1", "first"))
				synctest.Wait() // one frame is on its way and nobody reads it, others wait
				if n := w.meter.get("chat false ok"); n != 1 {
					t.Fatalf("%d utterances were accepted, want 1", n)
				}
				must(t, end(w, made.ID))
				time.Sleep(2 * sweepEvery)
				s.text(sayFrame("m2", "after it"))
				synctest.Wait()
				if n := w.meter.get("chat false ok"); n != 1 {
					t.Errorf("%d utterances were accepted, want 1", n)
				}
				op, _, err := s.read() // what was on its way
				if err == nil && op == opText {
					op, _, err = s.read()
				}
				if err == nil && op != opClose {
					t.Errorf("what waited is read: a frame of opcode %d", op)
				}
			})
		})
	}
}
