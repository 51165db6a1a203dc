package services

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/sdk"
)

// Tokens is a [Budget]: what each plugin may use in a day. What it used before
// a restart comes from the ledger, under the plugin's name as the payer.
type Tokens struct {
	Ledger llm.Ledger
	// Limit is how many tokens a payer may use in a day; 0 is no limit.
	Limit func(payer string) int
	Now   func() time.Time // in the zone whose midnight begins a day

	mu   sync.Mutex
	day  string
	used map[string]int
}

// Allow implements [Budget].
func (t *Tokens) Allow(ctx context.Context, payer string) error {
	limit := t.Limit(payer)
	if limit <= 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn()
	if _, known := t.used[payer]; !known {
		rows, err := t.Ledger.Spent(ctx, &payer, t.day, t.day)
		if err != nil {
			return fmt.Errorf("read budget: %w", err)
		}
		for _, r := range rows {
			t.used[payer] += r.PromptTokens + r.CompletionTokens
		}
	}
	if used := t.used[payer]; used >= limit {
		return fault(sdk.CodeTooLarge, "%d tokens used today, the plugin's budget is %d (tokens_per_day)", used, limit)
	}
	return nil
}

// Spend implements [Budget].
func (t *Tokens) Spend(payer string, u llm.Usage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn()
	t.used[payer] += u.PromptTokens + u.CompletionTokens
}

// turn begins a new day.
func (t *Tokens) turn() {
	if day := t.Now().Format(time.DateOnly); day != t.day || t.used == nil {
		t.day, t.used = day, map[string]int{}
	}
}
