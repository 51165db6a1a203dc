package host

import (
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/tool"
)

// What is too old goes by itself, also where nobody does anything any more.
func TestWhatIsTooOldGoesByItself(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	accounts, _ := accountsOf(t)
	db := accounts.db
	clock := func() time.Time { return now }
	h := &Host{
		log: hclog.NewNullLogger(), accounts: accounts,
		runner: &tool.Runner{Receipts: effect.NewBook(db, scrub.New(), clock)},
	}
	if err := h.runner.Receipts.Intend(ctx, effect.Receipt{ID: "call_1", User: "u", Args: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	begin := func() *effect.Run {
		t.Helper()
		was, err := db.BeginRun(ctx, effect.Run{User: "u", Key: "k", At: now}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return was
	}
	begin()
	now = now.Add(effect.RunFor)
	h.prune(ctx, now)
	if begin() == nil {
		t.Error("a run of a day ago is gone")
	}
	now = now.Add(effect.KeptFor - effect.RunFor)
	h.prune(ctx, now)
	if begin() != nil {
		t.Error("an old run is there")
	}
	if _, err := db.Receipt(ctx, "call_1"); err != nil {
		t.Errorf("after 90 days: %v", err)
	}
	now = now.Add(time.Second)
	h.prune(ctx, now)
	if _, err := db.Receipt(ctx, "call_1"); !errors.Is(err, effect.ErrNotFound) {
		t.Errorf("after more than 90 days: %v", err)
	}
}
