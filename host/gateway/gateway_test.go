package gateway

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/auth/authtest"
	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a gateway that serves a real listener, before real sessions in
// memory and an answerer that follows a script.
type world struct {
	*Server
	addr     string
	store    *countingStore
	auth     *auth.Service
	sessions *session.Manager
	answerer *scripted
	log      *lines
	meter    *counts
	users    map[string]auth.User
	keys     map[string]string // of users, by name
	clock    *clock
}

// clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newWorld starts a gateway on a port of its own; changes alter its options first.
func newWorld(t *testing.T, changes ...func(*Options)) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return newWorldOn(t, l, changes...)
}

func newWorldOn(t *testing.T, l net.Listener, changes ...func(*Options)) *world {
	t.Helper()
	w := &world{
		answerer: &scripted{release: make(chan struct{})}, log: &lines{}, meter: &counts{},
		users: map[string]auth.User{}, keys: map[string]string{},
		clock: &clock{now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)},
	}
	w.startAuth(t)
	w.sessions = session.New(session.Options{
		Store: session.NewMemory(), Answerer: w.answerer, Now: w.clock.Now, Log: hclog.NewNullLogger(),
		Detect:      func(_, fallback string) string { return fallback },
		IsStop:      func(text string) bool { return text == "stop" },
		ParseReply:  func(_ turn.QuestionKind, _ []turn.Option, _, text string) (string, bool) { return text, text == "true" },
		FailureText: func(lang, code string) string { return lang + " failed " + code },
	})
	o := Options{
		Sessions: w.sessions, Auth: w.auth, Words: words, Log: w.log, Meter: w.meter, Now: w.clock.Now,
		Health: health.New(health.Options{}),
		Config: Config{Version: "test", PerMinute: 30},
	}
	for _, change := range changes {
		change(&o)
	}
	w.Server = New(o)
	w.serve(t, l)
	return w
}

func (w *world) startAuth(t *testing.T) {
	t.Helper()
	var err error
	w.store = &countingStore{}
	w.auth, err = auth.New(auth.Options{Store: w.store, Secret: make([]byte, 32), Now: w.clock.Now})
	must(t, err)
	for name, role := range map[string]turn.Role{
		"alice": turn.RoleUser, "bob": turn.RoleUser, "op": turn.RoleOperator, "prom": turn.RoleScraper, "kid": turn.RoleGuest,
	} {
		u, err := w.auth.AddUser(t.Context(), auth.NewUser{Name: name, Role: role})
		must(t, err)
		w.users[name] = u
		w.keys[name], _, err = w.auth.CreateKey(t.Context(), u.ID, "test", 0)
		must(t, err)
	}
}

func (w *world) serve(t *testing.T, l net.Listener) {
	t.Helper()
	w.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- w.Serve(l) }()
	t.Cleanup(func() {
		w.answerer.letGo()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := w.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		_ = w.sessions.Drain(ctx)
	})
}

// countingStore counts how often it is asked for a key or a user.
type countingStore struct {
	authtest.Store
	asked atomic.Int64
}

func (s *countingStore) KeyByHash(ctx context.Context, hash []byte) (auth.Key, error) {
	s.asked.Add(1)
	return s.Store.KeyByHash(ctx, hash)
}

func (s *countingStore) User(ctx context.Context, id string) (auth.User, error) {
	s.asked.Add(1)
	return s.Store.User(ctx, id)
}

// words shows what was asked for instead of a sentence.
func words(lang, key string, args ...any) string {
	return strings.TrimSpace(lang + " " + key + " " + strings.TrimSpace(fmt.Sprintln(args...)))
}

// scripted answers by the first word of the utterance.
type scripted struct {
	once    sync.Once
	release chan struct{} // closed: whoever waits goes on
}

func (s *scripted) letGo() { s.once.Do(func() { close(s.release) }) }

func (s *scripted) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		verb, rest, _ := strings.Cut(t.Text, " ")
		done := turn.Done{State: turn.Answered, Source: turn.SourceIntent, Text: "you said " + t.Text, MemorySaved: t.Remember}
		switch verb {
		case "wait":
			if !yield(turn.Delta{Text: "you "}, nil) {
				return
			}
			select {
			case <-s.release:
			case <-ctx.Done():
				return
			}
		case "ask":
			q := &turn.Question{ID: "q_" + t.ID, Kind: turn.AskConfirm, Text: "sure?"}
			if !yield(q, nil) {
				return
			}
			done.Text = fmt.Sprintf("reply %q expired %v", q.Reply.Value, q.Reply.Expired)
		case "tool":
			for _, state := range []turn.ToolState{turn.ToolRunning, turn.ToolExecuted} {
				if !yield(turn.ToolStep{Call: "c1", Plugin: "lamp", Tool: "on", State: state}, nil) {
					return
				}
			}
		case "trace":
			done.Text = t.TraceParent
		case "fail":
			yield(nil, &protocol.Problem{Code: protocol.Unavailable, Err: errors.New(rest)})
			return
		case "flood":
			done.Text = ""
			piece := strings.Repeat("é", 1024)
			for range 4096 {
				if !yield(turn.Delta{Text: piece}, nil) {
					return
				}
				done.Text += piece
			}
		default:
			for word := range strings.SplitAfterSeq(done.Text, " ") {
				if !yield(turn.Delta{Text: word}, nil) {
					return
				}
			}
		}
		yield(done, nil)
	}
}

// lines keeps log records as text.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(level, msg string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, level+" "+msg+" "+fmt.Sprintln(args...))
}

func (l *lines) Debug(msg string, args ...any) { l.add("debug", msg, args...) }
func (l *lines) Warn(msg string, args ...any)  { l.add("warn", msg, args...) }
func (l *lines) Error(msg string, args ...any) { l.add("error", msg, args...) }

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "")
}

// counts is a Meter that adds up what it is told.
type counts struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counts) add(n int, name ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[strings.Join(name, " ")] += n
}

func (c *counts) get(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[name]
}

func (c *counts) Connected(delta int)              { c.add(delta, "open") }
func (c *counts) Connection(status string)         { c.add(1, "connection", status) }
func (c *counts) Message(direction, status string) { c.add(1, "message", direction, status) }
func (c *counts) Chat(secure bool, status string)  { c.add(1, "chat", fmt.Sprint(secure), status) }
func (c *counts) ChatError(stage string)           { c.add(1, "chat error", stage) }
func (c *counts) RateLimited(endpoint, r string)   { c.add(1, "limited", endpoint, r) }
func (c *counts) Panic()                           { c.add(1, "panic") }

func (c *counts) Request(route, method string, status int, _ time.Duration) {
	c.add(1, "request", method, route, fmt.Sprint(status))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
