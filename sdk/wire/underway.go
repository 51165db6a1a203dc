package wire

import (
	"context"
	"sync"
)

// underway counts calls whose answers are being read. Safe for concurrent use.
type underway struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed when there are none any more
}

func (u *underway) enter() (leave func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n == 0 {
		u.none = make(chan struct{})
	}
	u.n++
	return u.leave
}

func (u *underway) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 {
		close(u.none)
	}
}

// Settle waits until the answers of all calls have been read, or ctx ends. A plugin
// that has drained has ended its calls; what it answered may still be on its way.
func (c *Client) Settle(ctx context.Context) {
	c.calls.mu.Lock()
	n, none := c.calls.n, c.calls.none
	c.calls.mu.Unlock()
	if n == 0 {
		return
	}
	select {
	case <-none:
	case <-ctx.Done():
	}
}
