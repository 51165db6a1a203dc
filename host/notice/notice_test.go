package notice_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/db/dbtest"
	"github.com/jarvis-host/jarvis/host/notice"
)

// memory is a store of notices without a disk.
type memory struct {
	mu  sync.Mutex
	all []notice.Notice
}

func (m *memory) PutNotice(_ context.Context, n notice.Notice, limit int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	open := 0
	for _, o := range m.all {
		if o.User == n.User && o.Plugin == n.Plugin {
			open++
		}
	}
	if open >= limit {
		return notice.ErrTooMany
	}
	m.all = append(m.all, n)
	return nil
}

func (m *memory) OpenNotices(_ context.Context, user string) ([]notice.Notice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	open := slices.DeleteFunc(slices.Clone(m.all), func(n notice.Notice) bool { return n.User != user })
	slices.SortStableFunc(open, func(a, b notice.Notice) int { return a.Created.Compare(b.Created) })
	return open, nil
}

func (m *memory) CloseNotice(_ context.Context, user, id string) (notice.Notice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.all, func(n notice.Notice) bool { return n.User == user && n.ID == id })
	if i < 0 {
		return notice.Notice{}, notice.ErrNotFound
	}
	n := m.all[i]
	m.all = slices.Delete(m.all, i, i+1)
	return n, nil
}

func TestTheFakeStorePassesTheSuite(t *testing.T) {
	dbtest.Notices(t, func(*testing.T) notice.Store { return &memory{} })
}

// screen is a place where an end user sees notices.
type screen struct {
	mu   sync.Mutex
	seen []time.Duration
	last notice.Notice
}

func (s *screen) show(began time.Time) func(notice.Notice) {
	return func(n notice.Notice) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen, s.last = append(s.seen, time.Since(began)), n
	}
}

func room(t *testing.T, acknowledged func(notice.Notice)) *notice.Room {
	t.Helper()
	r := notice.New(notice.Options{Store: &memory{}, Now: time.Now, Acknowledged: acknowledged})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

func TestANoticeComesAgainUntilAPersonAcknowledgesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard notice.Notice
		r, began := room(t, func(n notice.Notice) { heard = n }), time.Now()
		var phone, other, late screen
		stop, err := r.Watch(t.Context(), "alice", phone.show(began))
		if err != nil {
			t.Fatal(err)
		}
		stopOther, err := r.Watch(t.Context(), "bob", other.show(began))
		if err != nil {
			t.Fatal(err)
		}
		defer stopOther()
		id, err := r.Send(t.Context(), notice.Notice{User: "alice", Plugin: "p", Kind: "timer", Text: "Over"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		stopLate, err := r.Watch(t.Context(), "alice", late.show(began))
		if err != nil {
			t.Fatal(err)
		}
		defer stopLate()
		time.Sleep(time.Second)
		want := []time.Duration{0, time.Minute, 3 * time.Minute, 8 * time.Minute}
		if d := cmp.Diff(want, phone.seen); d != "" || len(other.seen) > 0 {
			t.Errorf("others saw %v; %s", other.seen, d)
		}
		if d := cmp.Diff([]time.Duration{10 * time.Minute}, late.seen); d != "" || late.last.Text != "Over" {
			t.Errorf("%+v: %s", late.last, d)
		}
		if err := r.Acknowledge(t.Context(), "bob", id); !errors.Is(err, notice.ErrNotFound) {
			t.Errorf("another's notice: %v", err)
		}
		if err := r.Acknowledge(t.Context(), "alice", id); err != nil || heard.ID != id {
			t.Errorf("%v, heard %+v", err, heard)
		}
		stop()
		time.Sleep(time.Hour)
		if len(phone.seen) != 4 || len(late.seen) != 1 {
			t.Errorf("seen again: %v, %v", phone.seen, late.seen)
		}
	})
}

func TestANoticeIsWithdrawnByItsPluginAlone(t *testing.T) {
	r := notice.New(notice.Options{Store: &memory{}, Now: time.Now})
	id, err := r.Send(t.Context(), notice.Notice{User: "alice", Plugin: "p", Text: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		plugin, user string
		found        bool
	}{{"q", "alice", false}, {"p", "bob", false}, {"p", "alice", true}, {"p", "alice", false}} {
		if found, err := r.Withdraw(t.Context(), tt.plugin, tt.user, id); err != nil || found != tt.found {
			t.Errorf("%+v: %v, %v", tt, found, err)
		}
	}
}

// asked counts how often the store was asked.
type asked struct {
	memory
	times int
}

func (a *asked) OpenNotices(ctx context.Context, user string) ([]notice.Notice, error) {
	a.times++
	return a.memory.OpenNotices(ctx, user)
}

// Who has no notices costs no look at the store, and misses none that comes.
func TestQuietPeopleConnectWithoutTheStore(t *testing.T) {
	store := &asked{}
	r := notice.New(notice.Options{Store: store, Now: time.Now})
	seen := 0
	watch := func() {
		stop, err := r.Watch(t.Context(), "alice", func(notice.Notice) { seen++ })
		if err != nil {
			t.Fatal(err)
		}
		stop()
	}
	for range 3 {
		watch()
	}
	if store.times != 1 || seen != 0 {
		t.Fatalf("asked %d times, want once; %d notices seen, want none", store.times, seen)
	}
	id, err := r.Send(t.Context(), notice.Notice{User: "alice", Plugin: "p", Kind: "k", Text: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	watch()
	watch()
	if seen != 2 {
		t.Errorf("an open notice is seen %d times by two who watch", seen)
	}
	if err := r.Acknowledge(t.Context(), "alice", id); err != nil {
		t.Fatal(err)
	}
	before := store.times
	watch()
	watch()
	if store.times != before+1 || seen != 2 {
		t.Errorf("acknowledged: asked %d times more, want once; seen %d times", store.times-before, seen)
	}
}
