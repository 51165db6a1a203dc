package limit

import "sync"

// crowd lets so many be there at once for each key. It remembers only keys with
// someone there. Safe for concurrent use.
type crowd struct {
	mu    sync.Mutex
	limit int
	there map[string]int
}

func newCrowd(limit int) *crowd { return &crowd{limit: limit, there: map[string]int{}} }

func (c *crowd) setLimit(limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = limit
}

// enter returns 0, or how many are there already and no more may be.
func (c *crowd) enter(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit > 0 && c.there[key] >= c.limit {
		return c.limit
	}
	c.there[key]++ // without a limit too: one may be set meanwhile
	return 0
}

func (c *crowd) leave(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.there[key]--; c.there[key] <= 0 {
		delete(c.there, key)
	}
}
