package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// script answers one turn; it returns when yield is false.
type script func(ctx context.Context, t *turn.Turn, yield func(turn.Event, error) bool)

// scripts answers each utterance by its script; without one it is echoed.
type scripts map[string]script

func (s scripts) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		if f := s[t.Text]; f != nil {
			f(ctx, t, yield)
			return
		}
		says("echo "+t.Text)(ctx, t, yield)
	}
}

// says answers with pieces of text.
func says(pieces ...string) script {
	return func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		for _, p := range pieces {
			if !yield(turn.Delta{Text: p}, nil) {
				return
			}
		}
		yield(turn.Done{Text: strings.Join(pieces, ""), State: turn.Answered, Source: turn.SourceModel}, nil)
	}
}

// waits says a piece, and then nothing until it is stopped or open is closed.
func waits(open <-chan struct{}, piece string) script {
	return func(ctx context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		if !yield(turn.Delta{Text: piece}, nil) {
			return
		}
		select {
		case <-open:
			yield(turn.Done{Text: piece + "."}, nil)
		case <-ctx.Done():
			yield(nil, ctx.Err())
		}
	}
}

// device is a subscriber that remembers, and complains when it misses
// something or gets it twice.
type device struct {
	tb testing.TB

	mu     sync.Mutex
	seq    int64
	frames []session.Frame
	texts  map[string]string // what deltas said, by turn
	events int
}

func newDevice(tb testing.TB) *device {
	tb.Helper()
	return &device{tb: tb, texts: map[string]string{}}
}

func (d *device) Durable(_ string, f session.Frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.Type != protocol.TypeGap && f.Seq != d.seq+1 && d.seq != 0 {
		d.tb.Errorf("frame %d (%s) after %d", f.Seq, f.Type, d.seq)
	}
	var h protocol.Head
	if err := json.Unmarshal(f.Body, &h); err != nil || f.Type != protocol.TypeGap && h.Seq != f.Seq || h.Type != f.Type {
		d.tb.Errorf("frame %d of type %s has body %s (%v)", f.Seq, f.Type, f.Body, err)
	}
	d.seq = f.Seq
	d.frames = append(d.frames, f)
	if f.Type == protocol.TypeDone {
		if done := doneOf(d.tb, f); !strings.HasPrefix(done.Text, d.texts[f.Turn]) {
			d.tb.Errorf("done text %q does not begin with the deltas %q", done.Text, d.texts[f.Turn])
		}
	}
	d.events++
}

func (d *device) Delta(_, turnID string, offset int, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if has := utf8.RuneCountInString(d.texts[turnID]); offset != has {
		d.tb.Errorf("delta %q at offset %d, the device has %d", text, offset, has)
	}
	d.texts[turnID] += text
	d.events++
}

// done returns the done frames, in order.
func (d *device) done() []protocol.Done {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []protocol.Done
	for _, f := range d.frames {
		if f.Type == protocol.TypeDone {
			all = append(all, doneOf(d.tb, f))
		}
	}
	return all
}

// shape is the frames in short: type:turn's number in order of appearance.
func (d *device) shape() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	numbers := map[string]int{}
	var all []string
	for _, f := range d.frames {
		if _, ok := numbers[f.Turn]; !ok {
			numbers[f.Turn] = len(numbers) + 1
		}
		all = append(all, fmt.Sprintf("%s:%d", f.Type, numbers[f.Turn]))
	}
	return strings.Join(all, " ")
}

func (d *device) last() session.Frame {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.frames[len(d.frames)-1]
}

func doneOf(tb testing.TB, f session.Frame) (d protocol.Done) {
	tb.Helper()
	if err := json.Unmarshal(f.Body, &d); err != nil {
		tb.Errorf("decode done: %v", err)
	}
	return d
}

// world is a manager over a store, with one device and one session of alice's.
type world struct {
	*session.Manager
	t       *testing.T
	store   *flaky
	device  *device
	scripts scripts // to add to, what holds channels made in the bubble
	session string
	said    int
}

var alice = session.Identity{User: "alice", Role: turn.RoleUser, RequestID: "r-1"}

func options(s scripts) session.Options {
	if s == nil {
		s = scripts{}
	}
	return session.Options{
		Answerer: s,
		IsStop:   func(text string) bool { return text == "stop" },
		ParseReply: func(kind turn.QuestionKind, options []turn.Option, _, text string) (string, bool) {
			if kind == turn.AskConfirm {
				return fmt.Sprint(text == "yes"), text == "yes" || text == "no"
			}
			for _, o := range options {
				if o.Label == text {
					return o.Value, true
				}
			}
			return text, kind == turn.AskText
		},
		FailureText: func(lang, code string) string { return "sorry, " + code + " in " + lang },
	}
}

func newWorld(t *testing.T, o session.Options) *world {
	t.Helper()
	store := &flaky{Store: session.NewMemory()}
	if o.Store != nil {
		store.Store = o.Store
	}
	o.Store = store
	w := &world{Manager: session.New(o), t: t, store: store, device: newDevice(t), scripts: o.Answerer.(scripts)}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := w.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
	})
	return w
}

// bubble runs a test of a world in its own time.
func bubble(t *testing.T, s scripts, f func(w *world)) {
	t.Helper()
	bubbleWith(t, options(s), f)
}

func bubbleWith(t *testing.T, o session.Options, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(newWorld(t, o)) })
}

// say says a text in the world's session.
func (w *world) say(text string) session.Frame {
	w.t.Helper()
	f, err := w.trySay(protocol.Say{Text: text})
	if err != nil {
		w.t.Fatalf("say %q: %v", text, err)
	}
	return f
}

func (w *world) trySay(s protocol.Say) (session.Frame, error) {
	w.t.Helper()
	if s.ID == "" {
		w.said++
		s.ID = fmt.Sprintf("c%d", w.said)
	}
	if s.Session == "" {
		s.Session = w.session
	}
	id, f, err := w.Say(w.t.Context(), alice, s, w.device)
	if err == nil {
		w.session = id
	}
	return f, err
}

func (w *world) stop() {
	w.t.Helper()
	if err := w.Stop(w.t.Context(), alice, w.session, ""); err != nil {
		w.t.Fatalf("stop: %v", err)
	}
}

func (w *world) messages() []turn.Message {
	w.t.Helper()
	all, _, err := w.Messages(w.t.Context(), alice, w.session, "", 1000)
	if err != nil {
		w.t.Fatalf("list messages: %v", err)
	}
	return all
}

// flaky is a store that can fail to write, and counts.
type flaky struct {
	session.Store

	mu    sync.Mutex
	err   error
	loads int
}

var errDisk = errors.New("disk is full")

func (s *flaky) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *flaky) failing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *flaky) CreateSession(ctx context.Context, m session.Meta, entries ...session.Entry) error {
	if err := s.failing(); err != nil {
		return err
	}
	return s.Store.CreateSession(ctx, m, entries...)
}

func (s *flaky) Append(ctx context.Context, id string, entries ...session.Entry) error {
	if err := s.failing(); err != nil {
		return err
	}
	return s.Store.Append(ctx, id, entries...)
}

func (s *flaky) LastSeq(ctx context.Context, id string) (int64, error) {
	s.mu.Lock()
	s.loads++
	s.mu.Unlock()
	return s.Store.LastSeq(ctx, id)
}

func wantCode(t *testing.T, err error, want protocol.Code) {
	t.Helper()
	if p, ok := errors.AsType[*protocol.Problem](err); !ok || p.Code != want {
		t.Errorf("got error %v, want code %s", err, want)
	}
}

func wantShape(t *testing.T, d *device, want string) {
	t.Helper()
	if got := d.shape(); got != want {
		t.Errorf("frames are\n %s, want\n %s", got, want)
	}
}

// settle waits until nothing happens any more at this instant.
func settle() { synctest.Wait() }

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
