package dbtest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

// Values is the behaviour of every services.Values. open returns an empty one.
func Values(t *testing.T, open func(t *testing.T) services.Values) {
	t.Helper()
	key := func(owner, name string) services.Key {
		return services.Key{Plugin: "p", Scope: sdk.ForUser, Owner: owner, Name: name}
	}
	quota := services.Quota{Values: 3, Bytes: 100}
	put := func(t *testing.T, s services.Values, k services.Key, data string, ifVersion *int64) int64 {
		t.Helper()
		v, err := s.PutValue(t.Context(), k, sdk.Value{Data: []byte(data)}, ifVersion, quota, noon)
		must(t, err)
		return v
	}
	t.Run("WhatIsKeptIsThereForItsOwnerAlone", func(t *testing.T) {
		s := open(t)
		version := put(t, s, key("alice", "a"), "1", nil)
		got, err := s.Value(t.Context(), key("alice", "a"), noon)
		must(t, err)
		if got == nil || string(got.Data) != "1" || got.Version != version || !got.Expires.IsZero() {
			t.Errorf("got %+v", got)
		}
		for _, k := range []services.Key{
			key("bob", "a"), key("alice", "b"),
			{Plugin: "q", Scope: sdk.ForUser, Owner: "alice", Name: "a"},
			{Plugin: "p", Scope: sdk.ForSession, Owner: "alice", Name: "a"},
		} {
			if got, err := s.Value(t.Context(), k, noon); err != nil || got != nil {
				t.Errorf("%+v: got %+v, %v", k, got, err)
			}
		}
	})
	t.Run("AComparisonThatDoesNotHoldChangesNothing", func(t *testing.T) {
		s, none := open(t), int64(0)
		first := put(t, s, key("alice", "a"), "1", &none)
		second := put(t, s, key("alice", "a"), "2", &first)
		for _, stale := range []int64{0, first} {
			_, err := s.PutValue(t.Context(), key("alice", "a"), sdk.Value{Data: []byte("3")}, &stale, quota, noon)
			if !errors.Is(err, services.ErrVersion) {
				t.Errorf("put over %d: %v", stale, err)
			}
			if _, err := s.DropValue(t.Context(), key("alice", "a"), &stale, noon); !errors.Is(err, services.ErrVersion) {
				t.Errorf("drop of %d: %v", stale, err)
			}
		}
		found, err := s.DropValue(t.Context(), key("alice", "a"), &second, noon)
		must(t, err)
		if again := put(t, s, key("alice", "a"), "4", &none); !found || again == first || again == second {
			t.Errorf("found %v, and version %d came again", found, again)
		}
	})
	t.Run("OneOfManyWinsAComparison", func(t *testing.T) {
		s, none := open(t), int64(0)
		var wg sync.WaitGroup
		won := make(chan int64, 20)
		for range 20 {
			wg.Go(func() {
				if v, err := s.PutValue(t.Context(), key("alice", "a"), sdk.Value{}, &none, quota, noon); err == nil {
					won <- v
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Errorf("%d won", len(won))
		}
	})
	t.Run("WhatExpiredIsGone", func(t *testing.T) {
		s := open(t)
		_, err := s.PutValue(t.Context(), key("alice", "a"), sdk.Value{Data: []byte("1"), Expires: noon.Add(time.Minute)}, nil, quota, noon)
		must(t, err)
		got, err := s.Value(t.Context(), key("alice", "a"), noon.Add(59*time.Second))
		must(t, err)
		if got == nil || !got.Expires.Equal(noon.Add(time.Minute)) {
			t.Errorf("got %+v", got)
		}
		later := noon.Add(time.Minute)
		got, err = s.Value(t.Context(), key("alice", "a"), later)
		must(t, err)
		names, err := s.ValueNames(t.Context(), key("alice", ""), "", "", 10, later)
		must(t, err)
		found, err := s.DropValue(t.Context(), key("alice", "a"), nil, later)
		must(t, err)
		if got != nil || len(names) > 0 || found {
			t.Errorf("got %+v, %v, %v", got, names, found)
		}
	})
	t.Run("TheQuotaHoldsAndNothingIsLost", func(t *testing.T) {
		s := open(t)
		for _, name := range []string{"a", "b", "c"} {
			put(t, s, key("alice", name), "1", nil)
		}
		refused := func(k services.Key, data string) {
			t.Helper()
			if _, err := s.PutValue(t.Context(), k, sdk.Value{Data: []byte(data)}, nil, quota, noon); !errors.Is(err, services.ErrQuota) {
				t.Errorf("put %s: %v", k.Name, err)
			}
		}
		refused(key("bob", "d"), "1")
		refused(key("alice", "a"), string(make([]byte, 100)))
		got, err := s.Value(t.Context(), key("alice", "a"), noon)
		must(t, err)
		if string(got.Data) != "1" {
			t.Errorf("got %q", got.Data)
		}
		put(t, s, services.Key{Plugin: "q", Scope: sdk.ForAll, Name: "d"}, "1", nil)
		_, err = s.DropValue(t.Context(), key("alice", "a"), nil, noon)
		must(t, err)
		put(t, s, key("bob", "d"), string(make([]byte, 90)), nil)
		refused(key("bob", "d"), string(make([]byte, 98)))
	})
	t.Run("NamesComeInTheirOrder", func(t *testing.T) {
		s := open(t)
		for _, name := range []string{"é_%", "a1", "b"} {
			put(t, s, key("alice", name), "", nil)
		}
		for _, tt := range []struct {
			prefix, after string
			limit         int
			want          []string
		}{
			{"", "", 9, []string{"a1", "b", "é_%"}}, {"", "a1", 1, []string{"b"}}, {"é", "", 9, []string{"é_%"}}, {"%", "", 9, nil},
		} {
			got, err := s.ValueNames(t.Context(), key("alice", ""), tt.prefix, tt.after, tt.limit, noon)
			must(t, err)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%+v: %s", tt, d)
			}
		}
	})
	t.Run("ValuesOfSessionsThatAreNotKeptGoAfterAWhile", func(t *testing.T) {
		s := open(t)
		k := services.Key{Plugin: "p", Scope: sdk.ForSession, Owner: "s_gone", Name: "a"}
		put(t, s, k, "1", nil)
		must(t, s.PruneValues(t.Context(), noon, noon.Add(-time.Hour)))
		before, err := s.Value(t.Context(), k, noon)
		must(t, err)
		must(t, s.PruneValues(t.Context(), noon, noon.Add(time.Hour)))
		after, err := s.Value(t.Context(), k, noon)
		must(t, err)
		if before == nil || after != nil {
			t.Errorf("got %+v and then %+v", before, after)
		}
	})
}
