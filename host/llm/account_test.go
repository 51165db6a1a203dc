package llm_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
)

// ledger keeps spendings in memory, and fails when it is told to.
type ledger struct {
	mu    sync.Mutex
	rows  []llm.Spending
	reads int
	fail  error
}

func (l *ledger) Spend(_ context.Context, s []llm.Spending) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	l.rows = append(l.rows, s...)
	return nil
}

func (l *ledger) Spent(_ context.Context, user *string, from, to string) (out []llm.Spending, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	for _, r := range l.rows {
		if r.User == *user && r.Day >= from && r.Day <= to {
			out = append(out, r)
		}
	}
	return out, l.fail
}

func tokens(n int) llm.Usage { return llm.Usage{PromptTokens: n, Provider: "p", Model: "m"} }

func TestABudgetEndsAtMidnightAndHoldsAcrossARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &ledger{}
		open := func() *llm.Account {
			a := llm.NewAccount(llm.AccountOptions{Ledger: kept, Now: func() time.Time { return time.Now().UTC() }})
			a.SetBudget(llm.Budget{Tokens: 100, Cost: 5})
			return a
		}
		a := open()
		allow := func(user string, want bool) {
			t.Helper()
			if err := a.Allow(t.Context(), user); (err == nil) != want {
				t.Errorf("%s: %v, want allowed %v", user, err, want)
			}
		}
		allow("alice", true)
		a.Spend("alice", tokens(99))
		allow("alice", true)
		a.Spend("alice", tokens(1))
		allow("alice", false)
		allow("bob", true)
		allow("", true) // the host's own work
		a.Spend("bob", llm.Usage{Cost: 5})
		allow("bob", false)
		if err := a.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		a = open()
		allow("alice", false)
		e := wantClass(t, a.Allow(t.Context(), "alice"), llm.OverBudget)
		if !strings.Contains(e.Message, "the budget is 100") || e.RetryAfter <= 0 || e.RetryAfter > 24*time.Hour {
			t.Errorf("got %+v", e)
		}
		time.Sleep(24 * time.Hour)
		allow("alice", true)
		a.SetBudget(llm.Budget{})
		a.Spend("alice", tokens(1000))
		allow("alice", true)
	})
}

func TestWhatIsSpentIsWrittenDownBehindTheRequestsBacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &ledger{fail: errors.New("disk full")}
		var told []error
		a := llm.NewAccount(llm.AccountOptions{Ledger: kept, Now: time.Now, Failed: func(err error) { told = append(told, err) }})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { a.Run(ctx); close(ended) }()
		a.Spend("alice", tokens(1))
		time.Sleep(2 * time.Second)
		kept.mu.Lock()
		kept.fail = nil
		kept.mu.Unlock()
		a.Spend("alice", tokens(2))
		time.Sleep(2 * time.Second)
		a.Spend("alice", tokens(4))
		cancel() // what is left is written too
		<-ended
		total, requests := 0, 0
		for _, r := range kept.rows {
			total, requests = total+r.Tokens(), requests+r.Requests
		}
		if total != 7 || requests != 3 || len(told) != 1 {
			t.Errorf("%d tokens in %d requests, told %v: %v", total, requests, told, kept.rows)
		}
	})
}

func TestWhatIsSpentInASecondIsWrittenDownAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &ledger{}
		a := llm.NewAccount(llm.AccountOptions{Ledger: kept, Now: time.Now})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { a.Run(ctx); close(ended) }()
		for range 9 {
			a.Spend("alice", tokens(1))
			time.Sleep(time.Second / 10)
		}
		synctest.Wait()
		written := func() []llm.Spending {
			kept.mu.Lock()
			defer kept.mu.Unlock()
			return slices.Clone(kept.rows)
		}
		if rows := written(); len(rows) != 0 {
			t.Errorf("wrote %v before the second is over", rows)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if rows := written(); len(rows) != 1 || rows[0].Requests != 9 {
			t.Errorf("wrote %v, want one row of nine requests", rows)
		}
		cancel()
		<-ended
	})
}

func TestALedgerThatCannotBeReadStopsNoOne(t *testing.T) {
	var told int
	a := llm.NewAccount(llm.AccountOptions{Ledger: &ledger{fail: errors.New("locked")}, Now: time.Now, Failed: func(error) { told++ }})
	a.SetBudget(llm.Budget{Tokens: 1})
	if err := a.Allow(t.Context(), "alice"); err != nil || told != 1 {
		t.Errorf("%v, told %d times", err, told)
	}
}

func TestTheLedgerIsReadOnceADay(t *testing.T) {
	kept := &ledger{}
	a := llm.NewAccount(llm.AccountOptions{Ledger: kept, Now: time.Now})
	a.SetBudget(llm.Budget{Tokens: 1000})
	for range 10 {
		if err := a.Allow(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		a.Spend("alice", tokens(1))
	}
	if kept.reads > 2 { // midnight may pass
		t.Errorf("read %d times", kept.reads)
	}
}
