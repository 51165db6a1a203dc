package host

import (
	"context"
	"maps"
	"sync"
	"time"
)

// detached holds the state of plugins for calls outside of conversations, one
// for each end user: a program that begins a game can go on with it. It is kept
// in memory only, and forgotten when it is left alone.
type detached struct {
	now func() time.Time

	mu    sync.Mutex
	users map[string]*detachedVars
}

// Bounds of what is kept.
const (
	detachedFor = time.Hour
	detachedMax = 1000 // end users; the one who was away longest makes room
)

func newDetached(now func() time.Time) *detached {
	return &detached{now: now, users: map[string]*detachedVars{}}
}

// of returns the state of an end user.
func (d *detached) of(user string) *detachedVars {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	maps.DeleteFunc(d.users, func(_ string, v *detachedVars) bool { return now.Sub(v.used) > detachedFor })
	v := d.users[user]
	if v == nil {
		d.makeRoom()
		v = &detachedVars{values: map[string][]byte{}}
		d.users[user] = v
	}
	v.used = now
	return v
}

func (d *detached) makeRoom() {
	if len(d.users) < detachedMax {
		return
	}
	var oldest string
	for user, v := range d.users {
		if oldest == "" || v.used.Before(d.users[oldest].used) {
			oldest = user
		}
	}
	delete(d.users, oldest)
}

// detachedVars implements [turn.Vars] for one end user.
type detachedVars struct {
	used time.Time // under the lock of detached

	mu     sync.Mutex
	values map[string][]byte
}

// Get implements [turn.Vars].
func (v *detachedVars) Get(_ context.Context, name string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.values[name], nil
}

// Set implements [turn.Vars].
func (v *detachedVars) Set(_ context.Context, name string, value []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if value == nil {
		delete(v.values, name)
	} else {
		v.values[name] = value
	}
	return nil
}
