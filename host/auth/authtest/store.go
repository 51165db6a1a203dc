// Package authtest holds a store of users and keys in memory and the suite
// that every implementation of auth.Store passes.
package authtest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
)

// Store is an auth.Store in memory. The zero value is empty and ready.
type Store struct {
	mu      sync.Mutex
	users   []auth.User
	keys    []auth.Key
	version int64
	// Err, when set, is what every method answers. Set it with Fail.
	err error
}

var _ auth.Store = (*Store)(nil)

// Fail makes every method answer err from now on; nil ends that.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// PutUser implements auth.Store.
func (s *Store) PutUser(_ context.Context, u auth.User) error {
	return s.change(func() error {
		if slices.ContainsFunc(s.users, func(o auth.User) bool { return o.Name == u.Name && o.ID != u.ID }) {
			return auth.ErrExists
		}
		u.Plugins = slices.Clone(u.Plugins)
		if i := s.user(u.ID); i >= 0 {
			s.users[i] = u
			return nil
		}
		s.users = append(s.users, u)
		slices.SortStableFunc(s.users, func(a, b auth.User) int { return a.Created.Compare(b.Created) })
		return nil
	})
}

// User implements auth.Store.
func (s *Store) User(_ context.Context, id string) (auth.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return auth.User{}, s.err
	}
	if i := s.user(id); i >= 0 {
		return s.users[i], nil
	}
	return auth.User{}, auth.ErrNotFound
}

// Users implements auth.Store.
func (s *Store) Users(context.Context) ([]auth.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.users), s.err
}

// DeleteUser implements auth.Store.
func (s *Store) DeleteUser(_ context.Context, id string) error {
	return s.change(func() error {
		i := s.user(id)
		if i < 0 {
			return auth.ErrNotFound
		}
		s.users = slices.Delete(s.users, i, i+1)
		s.keys = slices.DeleteFunc(s.keys, func(k auth.Key) bool { return k.User == id })
		return nil
	})
}

// PutKey implements auth.Store.
func (s *Store) PutKey(_ context.Context, k auth.Key) error {
	return s.change(func() error {
		if s.user(k.User) < 0 {
			return auth.ErrNotFound
		}
		if slices.ContainsFunc(s.keys, func(o auth.Key) bool { return o.ID == k.ID }) {
			return auth.ErrExists
		}
		k.Hash = bytes.Clone(k.Hash)
		s.keys = append(s.keys, k)
		return nil
	})
}

// KeyByHash implements auth.Store.
func (s *Store) KeyByHash(_ context.Context, hash []byte) (auth.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return auth.Key{}, s.err
	}
	i := slices.IndexFunc(s.keys, func(k auth.Key) bool { return bytes.Equal(k.Hash, hash) })
	if i < 0 {
		return auth.Key{}, auth.ErrNotFound
	}
	return s.keys[i], nil
}

// Keys implements auth.Store.
func (s *Store) Keys(_ context.Context, user string) ([]auth.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []auth.Key
	for _, k := range s.keys {
		if k.User == user {
			found = append(found, k)
		}
	}
	return found, s.err
}

// RevokeKey implements auth.Store.
func (s *Store) RevokeKey(_ context.Context, id string, at time.Time) error {
	return s.change(func() error {
		i := slices.IndexFunc(s.keys, func(k auth.Key) bool { return k.ID == id })
		if i < 0 {
			return auth.ErrNotFound
		}
		if s.keys[i].Revoked.IsZero() {
			s.keys[i].Revoked = at
		}
		return nil
	})
}

// TakeKey implements auth.Store.
func (s *Store) TakeKey(_ context.Context, hash []byte, kind auth.KeyKind, at time.Time) (auth.Key, error) {
	var taken auth.Key
	err := s.change(func() error {
		i := slices.IndexFunc(s.keys, func(k auth.Key) bool {
			return bytes.Equal(k.Hash, hash) && k.Kind == kind && k.Revoked.IsZero()
		})
		if i < 0 {
			return auth.ErrNotFound
		}
		s.keys[i].Revoked = at
		taken = s.keys[i]
		return nil
	})
	return taken, err
}

// PruneKeys implements auth.Store.
func (s *Store) PruneKeys(_ context.Context, before time.Time) error {
	return s.change(func() error {
		s.keys = slices.DeleteFunc(s.keys, func(k auth.Key) bool {
			over := func(t time.Time) bool { return !t.IsZero() && t.Before(before) }
			return k.Kind != auth.KindAPI && (over(k.Expires) || over(k.Revoked))
		})
		return nil
	})
}

// Version implements auth.Store.
func (s *Store) Version(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version, s.err
}

func (s *Store) user(id string) int {
	return slices.IndexFunc(s.users, func(u auth.User) bool { return u.ID == id })
}

func (s *Store) change(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	err := f()
	if err == nil {
		s.version++
	}
	return err
}
