package schedule_test

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
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/sdk"
)

// memory is a store of plans without a disk, so that time can be the test's.
type memory struct {
	mu    sync.Mutex
	n     int64
	plans []schedule.Plan
}

func (m *memory) index(plugin, user, name string) int {
	return slices.IndexFunc(m.plans, func(p schedule.Plan) bool { return p.Plugin == plugin && p.User == user && p.Name == name })
}

func (m *memory) PutPlan(_ context.Context, p schedule.Plan, limit int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	p.Revision = m.n
	if i := m.index(p.Plugin, p.User, p.Name); i >= 0 {
		m.plans[i] = p
		return nil
	}
	if len(m.plans) >= limit {
		return schedule.ErrTooMany
	}
	m.plans = append(m.plans, p)
	return nil
}

func (m *memory) Plans(_ context.Context, plugin, user string) ([]schedule.Plan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(m.plans), func(p schedule.Plan) bool { return p.Plugin != plugin || p.User != user })
	slices.SortFunc(all, func(a, b schedule.Plan) int { return a.Due.Compare(b.Due) })
	return all, nil
}

func (m *memory) Waking(_ context.Context, limit int) ([]schedule.Plan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.plans)
	slices.SortFunc(all, func(a, b schedule.Plan) int { return a.Wake.Compare(b.Wake) })
	return all[:min(limit, len(all))], nil
}

func (m *memory) DropPlan(_ context.Context, plugin, user, name string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.index(plugin, user, name)
	if i >= 0 {
		m.plans = slices.Delete(m.plans, i, i+1)
	}
	return i >= 0, nil
}

func (m *memory) MovePlan(_ context.Context, p schedule.Plan, done bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.plans {
		if m.plans[i].Revision != p.Revision {
			continue
		}
		if done {
			m.plans = slices.Delete(m.plans, i, i+1)
		} else {
			m.plans[i].Due, m.plans[i].Wake, m.plans[i].Tries = p.Due, p.Wake, p.Tries
		}
		return nil
	}
	return nil
}

func TestTheFakeStorePassesTheSuite(t *testing.T) {
	dbtest.Plans(t, func(*testing.T) schedule.Store { return &memory{} })
}

// told is one telling: when, since the test began, and what.
type told struct {
	At   time.Duration
	Name string
	Due  time.Duration
	Late bool
}

// house runs a keeper in a bubble of time.
type house struct {
	*schedule.Keeper
	store  schedule.Store
	began  time.Time
	answer func(p schedule.Plan) error

	mu     sync.Mutex
	told   []told
	failed int
}

func run(t *testing.T, store schedule.Store) *house {
	t.Helper()
	h := &house{store: store, began: time.Now(), answer: func(schedule.Plan) error { return nil }}
	h.Keeper = schedule.New(schedule.Options{
		Store: store, Now: time.Now,
		Tell: func(_ context.Context, p schedule.Plan, due sdk.Due) error {
			h.mu.Lock()
			h.told = append(h.told, told{time.Since(h.began), due.Name, due.At.Sub(h.began), due.Late})
			h.mu.Unlock()
			return h.answer(p)
		},
		Failed: func(schedule.Plan, error) { h.mu.Lock(); h.failed++; h.mu.Unlock() },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return h
}

func (h *house) put(t *testing.T, s sdk.Schedule) {
	t.Helper()
	if _, err := h.Put(t.Context(), schedule.Plan{Plugin: "p", User: "alice", Zone: "UTC", Schedule: s}); err != nil {
		t.Fatal(err)
	}
}

// all is what was told so far; whatever runs has come to rest.
func (h *house) all() []told {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

func (h *house) failures() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

func (h *house) want(t *testing.T, want ...told) {
	t.Helper()
	if d := cmp.Diff(want, h.all()); d != "" {
		t.Error(d)
	}
}

func TestPlansFireAtTheirTimesAndAreDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &memory{})
		h.put(t, sdk.Schedule{Name: "once", At: h.began.Add(90 * time.Second)})
		h.put(t, sdk.Schedule{Name: "every", Every: time.Minute})
		h.put(t, sdk.Schedule{Name: "past", At: h.began.Add(-time.Second)})
		time.Sleep(2*time.Minute + time.Second)
		h.want(t, told{0, "past", -time.Second, false}, told{time.Minute, "every", time.Minute, false},
			told{90 * time.Second, "once", 90 * time.Second, false}, told{2 * time.Minute, "every", 2 * time.Minute, false})
		if left, _ := h.Plans(t.Context(), "p", "alice"); len(left) != 1 || left[0].Name != "every" {
			t.Errorf("left are %+v", left)
		}
	})
}

func TestWhatWasMissedFiresOnceLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		began := time.Now()
		for _, s := range []sdk.Schedule{{Name: "once", At: began.Add(time.Hour)}, {Name: "every", Every: 40 * time.Minute}, {Name: "daily", Cron: "0 12 * * *"}} {
			k := schedule.New(schedule.Options{Store: store, Now: time.Now})
			if _, err := k.Put(t.Context(), schedule.Plan{Plugin: "p", Zone: "UTC", Schedule: s}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(50 * time.Hour) // the host was off; it is 2:00, midnight was the beginning
		h := run(t, store)
		time.Sleep(39 * time.Minute)
		got := map[string]int{}
		for _, x := range h.all() {
			if x.At == 0 && !x.Late {
				t.Errorf("not late: %+v", x)
			}
			got[x.Name]++
		}
		// every is due each 40 minutes from the beginning: the 76th at 50h40m.
		if d := cmp.Diff(map[string]int{"once": 1, "every": 1, "daily": 1}, got); d != "" {
			t.Error(d)
		}
		time.Sleep(2 * time.Minute)
		if all := h.all(); all[len(all)-1].Name != "every" || all[len(all)-1].At != 40*time.Minute || all[len(all)-1].Late {
			t.Errorf("the next one is %+v", all[len(all)-1])
		}
	})
}

func TestAPluginThatFailsIsToldAgainAFewTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &memory{})
		h.answer = func(schedule.Plan) error { return errors.New("broken") }
		h.put(t, sdk.Schedule{Name: "once", At: h.began})
		time.Sleep(time.Hour)
		var at []time.Duration
		for _, x := range h.all() {
			at = append(at, x.At)
		}
		if d := cmp.Diff([]time.Duration{0, 5 * time.Second, 25 * time.Second, 105 * time.Second, 425 * time.Second}, at); d != "" || h.failures() != 5 {
			t.Errorf("failed %d times: %s", h.failures(), d)
		}
		if left, _ := h.Plans(t.Context(), "p", "alice"); len(left) > 0 {
			t.Errorf("left are %+v", left)
		}
	})
}

func TestAPluginThatIsAwayIsToldWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &memory{})
		back := h.began.Add(3 * time.Hour)
		h.answer = func(schedule.Plan) error {
			if time.Now().Before(back) {
				return &sdk.Error{Code: sdk.CodeUnavailable}
			}
			return nil
		}
		h.put(t, sdk.Schedule{Name: "once", At: h.began})
		time.Sleep(4 * time.Hour)
		all := h.all()
		if last := all[len(all)-1]; last.At != 3*time.Hour || !last.Late || last.Due != 0 {
			t.Errorf("told last: %+v", last)
		}
		if left, _ := h.Plans(t.Context(), "p", "alice"); len(left) > 0 {
			t.Errorf("left are %+v", left)
		}
	})
}

func TestAPlanThatIsPutAgainWhileItIsToldStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &memory{})
		var once sync.Once
		h.answer = func(schedule.Plan) error {
			once.Do(func() { h.put(t, sdk.Schedule{Name: "a", At: h.began.Add(time.Hour)}) })
			return nil
		}
		h.put(t, sdk.Schedule{Name: "a", At: h.began})
		time.Sleep(2 * time.Hour)
		h.want(t, told{0, "a", 0, false}, told{time.Hour, "a", time.Hour, false})
	})
}

// slowStore takes a second to hand over what it read.
type slowStore struct{ *memory }

func (s slowStore) Waking(ctx context.Context, limit int) ([]schedule.Plan, error) {
	plans, err := s.memory.Waking(ctx, limit)
	time.Sleep(time.Second)
	return plans, err
}

func TestAPlanWhoseTellingEndsWhileItIsReadIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, slowStore{&memory{}})
		var once sync.Once
		h.answer = func(schedule.Plan) error {
			once.Do(func() { h.put(t, sdk.Schedule{Name: "b", At: h.began.Add(time.Hour)}) }) // has the plans read again
			time.Sleep(500 * time.Millisecond)
			return nil
		}
		h.put(t, sdk.Schedule{Name: "a", At: h.began})
		time.Sleep(2 * time.Hour)
		var names []string
		for _, x := range h.all() {
			names = append(names, x.Name)
		}
		if d := cmp.Diff([]string{"a", "b"}, names); d != "" {
			t.Error(d)
		}
	})
}

func TestASlowPluginHoldsNoOtherUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &memory{})
		h.answer = func(p schedule.Plan) error {
			if p.Name == "slow" {
				time.Sleep(20 * time.Second)
			}
			return nil
		}
		h.put(t, sdk.Schedule{Name: "slow", At: h.began})
		h.put(t, sdk.Schedule{Name: "quick", At: h.began.Add(time.Second)})
		time.Sleep(time.Minute)
		h.want(t, told{0, "slow", 0, false}, told{time.Second, "quick", time.Second, false})
	})
}

func TestWhatIsNoScheduleIsRefused(t *testing.T) {
	k := schedule.New(schedule.Options{Store: &memory{}, Now: time.Now})
	for _, s := range []sdk.Schedule{
		{Name: "none"},
		{Name: "two", Every: time.Hour, Cron: "@daily"},
		{Name: "fast", Every: time.Millisecond},
		{Name: "back", Every: -time.Hour},
		{Name: "cron", Cron: "* *"},
		{Name: "zone", Cron: "@daily", TimeZone: "Mars/Olympus"},
	} {
		if _, err := k.Put(t.Context(), schedule.Plan{Plugin: "p", Schedule: s}); sdk.ErrorCode(err) != sdk.CodeInvalid {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}
