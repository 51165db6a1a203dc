package retry

import (
	"sync"
	"time"
)

// BudgetOptions say how many repetitions there may be. Zero values have sensible
// meanings.
type BudgetOptions struct {
	// Share is how many repetitions each request brings, 0.2 when 0: when all
	// requests fail, a service is asked that much more often than it was, and no
	// more.
	Share float64
	// Every brings one repetition whether there are requests or not, so that who
	// asks seldom has one too; 10 s when 0.
	Every time.Duration
	// Reserve is how many can be saved up, and how many there are at first; 10 when 0.
	Reserve int
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Budget keeps the repetitions of requests to one service to a share of the
// requests. Safe for concurrent use; a nil one allows all.
type Budget struct {
	o BudgetOptions

	mu   sync.Mutex
	left float64
	seen time.Time
}

// NewBudget returns a budget with its whole reserve.
func NewBudget(o BudgetOptions) *Budget {
	orElse(&o.Share, .2)
	orElse(&o.Every, 10*time.Second)
	orElse(&o.Reserve, 10)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Budget{o: o, left: float64(o.Reserve), seen: o.Now()}
}

// Asked takes in that a request is made for the first time.
func (b *Budget) Asked() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(b.o.Share)
}

// Take reports whether a request may be repeated, and counts that it is.
func (b *Budget) Take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// A clock that was set back brings nothing and takes nothing.
	now := b.o.Now()
	b.add(max(now.Sub(b.seen).Seconds(), 0) / b.o.Every.Seconds())
	b.seen = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (b *Budget) add(n float64) { b.left = min(b.left+n, float64(b.o.Reserve)) }

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
