package llm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Spending is what one user has spent on one model in one day.
type Spending struct {
	Day      string // as 2006-01-02, in the host's time zone
	User     string // the id; empty for the host's own work
	Provider string
	Model    string

	Requests         int
	PromptTokens     int
	CompletionTokens int
	Cost             float64
}

// Tokens is how many tokens were spent.
func (s Spending) Tokens() int { return s.PromptTokens + s.CompletionTokens }

// key is the spending without its figures.
func (s Spending) key() Spending {
	return Spending{Day: s.Day, User: s.User, Provider: s.Provider, Model: s.Model}
}

func (s *Spending) add(o Spending) {
	s.Requests += o.Requests
	s.PromptTokens += o.PromptTokens
	s.CompletionTokens += o.CompletionTokens
	s.Cost += o.Cost
}

// Ledger keeps spendings. Implementations are safe for concurrent use.
type Ledger interface {
	// Spend adds to what is kept, all or nothing.
	Spend(ctx context.Context, s []Spending) error
	// Spent returns what was spent from a day to another, both included, by one
	// user, or, when user is nil, by all.
	Spent(ctx context.Context, user *string, from, to string) ([]Spending, error)
}

// Budget is what each user may spend in a day; a zero value is no bound.
type Budget struct {
	Tokens int
	Cost   float64
}

// AccountOptions are an Account's settings.
type AccountOptions struct {
	// Ledger keeps what was spent; nil keeps it in memory only.
	Ledger Ledger
	// Now is the clock, in the time zone whose midnight ends a day.
	Now func() time.Time
	// Failed is told when the ledger fails; nil is allowed.
	Failed func(error)
}

// Account knows what each user has spent today, holds it against a budget and
// writes it down, behind the requests' backs. Safe for concurrent use.
type Account struct {
	o    AccountOptions
	wake chan struct{}

	mu      sync.Mutex
	budget  Budget
	day     string
	today   map[string]Spending // by user; those asked about
	pending map[Spending]Spending
}

// NewAccount returns an account without a budget.
func NewAccount(o AccountOptions) *Account {
	return &Account{o: o, wake: make(chan struct{}, 1), today: map[string]Spending{}, pending: map[Spending]Spending{}}
}

// SetBudget changes what each user may spend in a day.
func (a *Account) SetBudget(b Budget) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.budget = b
}

// Allow returns an *Error of class Budget when a user has nothing left for
// today. The host's own work has no budget. A ledger that can't be read allows.
func (a *Account) Allow(ctx context.Context, user string) error {
	a.mu.Lock()
	b := a.budget
	a.mu.Unlock()
	if b == (Budget{}) || user == "" {
		return nil
	}
	spent, err := a.spent(ctx, user)
	switch {
	case err != nil:
		a.failed(err)
	case b.Tokens > 0 && spent.Tokens() >= b.Tokens:
		return &Error{Class: OverBudget, RetryAfter: a.untilMidnight(), Message: fmt.Sprintf("%d tokens spent today, the budget is %d", spent.Tokens(), b.Tokens)}
	case b.Cost > 0 && spent.Cost >= b.Cost:
		return &Error{Class: OverBudget, RetryAfter: a.untilMidnight(), Message: fmt.Sprintf("%.4g spent today, the budget is %.4g", spent.Cost, b.Cost)}
	}
	return nil
}

func (a *Account) untilMidnight() time.Duration {
	now := a.o.Now()
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, now.Location()).Sub(now)
}

// spent is what a user has spent today. The ledger is asked once a day.
func (a *Account) spent(ctx context.Context, user string) (Spending, error) {
	a.mu.Lock()
	a.turnDay()
	known, ok := a.today[user]
	day := a.day
	a.mu.Unlock()
	if ok || a.o.Ledger == nil {
		return known, nil
	}
	if err := a.Flush(ctx); err != nil {
		return Spending{}, err
	}
	rows, err := a.o.Ledger.Spent(ctx, &user, day, day)
	if err != nil {
		return Spending{}, fmt.Errorf("read what was spent: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turnDay()
	total := Spending{}
	for _, r := range rows {
		total.add(r)
	}
	for _, p := range a.pending { // spent while the ledger was read
		if p.User == user && p.Day == a.day {
			total.add(p)
		}
	}
	a.today[user] = total
	return total, nil
}

// turnDay begins a new day at midnight; the caller holds the lock.
func (a *Account) turnDay() {
	if day := a.o.Now().Format(time.DateOnly); day != a.day {
		a.day = day
		clear(a.today)
	}
}

// Spend takes in what a request cost. It never blocks.
func (a *Account) Spend(user string, u Usage) {
	a.mu.Lock()
	a.turnDay()
	s := Spending{
		Day: a.day, User: user, Provider: u.Provider, Model: u.Model, Requests: 1,
		PromptTokens: u.PromptTokens, CompletionTokens: u.CompletionTokens, Cost: u.Cost,
	}
	sum := a.pending[s.key()]
	if sum.Day == "" {
		sum = s.key()
	}
	sum.add(s)
	a.pending[s.key()] = sum
	if known, ok := a.today[user]; ok || a.o.Ledger == nil {
		known.add(s)
		a.today[user] = known
	}
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// gathering is how long what was spent waits for more to be written down with
// it: a sync of the disk for each request would cost more than all the rest of
// a short one. A host that is killed forgets at most this much.
const gathering = time.Second

// Run writes down what is spent until ctx ends, and what is left then.
func (a *Account) Run(ctx context.Context) {
	for {
		select {
		case <-a.wake:
			select {
			case <-time.After(gathering):
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		if err := a.Flush(context.WithoutCancel(ctx)); err != nil {
			a.failed(err)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// Flush writes down what is spent so far. What can't be written stays for the
// next time.
func (a *Account) Flush(ctx context.Context) error {
	a.mu.Lock()
	rows := slices.Collect(maps.Values(a.pending))
	clear(a.pending)
	a.mu.Unlock()
	if len(rows) == 0 || a.o.Ledger == nil {
		return nil
	}
	err := a.o.Ledger.Spend(ctx, rows)
	if err == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range rows {
		sum := a.pending[r.key()]
		r.add(sum)
		a.pending[r.key()] = r
	}
	return fmt.Errorf("write down what was spent: %w", err)
}

func (a *Account) failed(err error) {
	if a.o.Failed != nil {
		a.o.Failed(err)
	}
}
