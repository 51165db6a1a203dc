package schedule_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/sdk"
)

// S12: a clock that is set by an hour, either way, loses no plan and fires
// none twice; what happens at intervals goes on at them.
func TestAClockThatIsSetLosesNoPlanAndFiresNoneTwice(t *testing.T) {
	for name, c := range map[string]struct {
		jump time.Duration
		want map[string]int // within two hours after the jump
	}{
		// Within two hours the clock runs from 1:10 to 3:11. What was missed at an
		// interval comes once, late.
		"forward": {time.Hour, map[string]int{"soon": 1, "later": 1, "every": 13, "hourly": 3}},
		// From 23:10 to 1:11.
		"back": {-time.Hour, map[string]int{"later": 1, "every": 12, "hourly": 1, "soon": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ahead atomic.Int64
				now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				var mu sync.Mutex
				got := map[string]int{}
				var failed atomic.Int64
				k := schedule.New(schedule.Options{
					Store: &memory{}, Now: now,
					Tell: func(_ context.Context, _ schedule.Plan, due sdk.Due) error {
						mu.Lock()
						defer mu.Unlock()
						got[due.Name]++
						return nil
					},
					Failed: func(schedule.Plan, error) { failed.Add(1) },
				})
				began := time.Now() // midnight
				put := func(s sdk.Schedule) {
					t.Helper()
					if _, err := k.Put(t.Context(), schedule.Plan{Plugin: "p", User: "alice", Zone: "UTC", Schedule: s}); err != nil {
						t.Fatal(err)
					}
				}
				put(sdk.Schedule{Name: "done", At: began.Add(5 * time.Minute)})
				put(sdk.Schedule{Name: "soon", At: began.Add(30 * time.Minute)})
				put(sdk.Schedule{Name: "later", At: began.Add(65 * time.Minute)})
				put(sdk.Schedule{Name: "every", Every: 10 * time.Minute})
				put(sdk.Schedule{Name: "hourly", Cron: "20 * * * *"})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { k.Run(ctx); close(ended) }()
				time.Sleep(10*time.Minute + time.Second)
				synctest.Wait()
				if diff := cmp.Diff(map[string]int{"done": 1, "every": 1}, got); diff != "" {
					t.Fatalf("before the jump (-want +got):\n%s", diff)
				}
				clear(got)
				ahead.Store(int64(c.jump))
				time.Sleep(2*time.Hour + time.Minute)
				synctest.Wait()
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("after the jump (-want +got):\n%s", diff)
				}
				if failed.Load() != 0 {
					t.Errorf("%d failures", failed.Load())
				}
				cancel()
				<-ended
			})
		})
	}
}

// unread is a store that can't be read for a while.
type unread struct {
	memory
	down atomic.Bool
}

func (u *unread) Waking(ctx context.Context, limit int) ([]schedule.Plan, error) {
	if u.down.Load() {
		return nil, errors.New("disk")
	}
	return u.memory.Waking(ctx, limit)
}

func TestAClockThatIsSetBackWhileTheStoreIsAwayIsSeenAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead, fired atomic.Int64
		store := &unread{}
		k := schedule.New(schedule.Options{
			Store: store, Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
			Tell:   func(context.Context, schedule.Plan, sdk.Due) error { fired.Add(1); return nil },
			Failed: func(schedule.Plan, error) {},
		})
		_, err := k.Put(t.Context(), schedule.Plan{Plugin: "p", User: "alice", Zone: "UTC", Schedule: sdk.Schedule{Name: "every", Every: 10 * time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { k.Run(ctx); close(ended) }()
		time.Sleep(time.Minute)
		store.down.Store(true)
		ahead.Store(int64(-24 * time.Hour))
		time.Sleep(5 * time.Minute)
		store.down.Store(false)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := fired.Load(); n != 5 && n != 6 {
			t.Errorf("what happens every ten minutes happened %d times within an hour", n)
		}
		cancel()
		<-ended
	})
}
