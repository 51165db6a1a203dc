package authtest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Suite is the behaviour of every auth.Store. fresh returns an empty store.
func Suite(t *testing.T, fresh func(t *testing.T) auth.Store) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, auth.Store){
		"AUserComesBackAsItWasPut":          userComesBack,
		"TwoUsersCannotShareAName":          namesAreUnique,
		"DeletingAUserDeletesItsKeys":       deleteUser,
		"AKeyIsFoundByItsHash":              keyByHash,
		"TwoKeysCannotShareAnID":            idsAreUnique,
		"ARevokedKeyKeepsItsFirstTime":      revokeKey,
		"OneOfManyTakesATicket":             takeKey,
		"PruningSparesWhatCountsAndAPIKeys": pruneKeys,
		"TheVersionMovesWithEveryChange":    version,
		"WhatIsNotThereIsErrNotFound":       notFound,
	} {
		t.Run(name, func(t *testing.T) { check(t, fresh(t)) })
	}
}

var (
	day   = time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
	alice = auth.User{ID: "u1", Name: "Alice", Role: turn.RoleGuest, Lang: "fr", Zone: "Europe/Paris", Plugins: []string{"weather", "hangman"}, Created: day}
	bob   = auth.User{ID: "u2", Name: "door/Bob", Role: turn.RoleUser, Service: "u9", Created: day.Add(time.Hour)}
	same  = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Millisecond)}
)

func key(id, user string, kind auth.KeyKind) auth.Key {
	hash := make([]byte, 32)
	copy(hash, id)
	return auth.Key{ID: id, User: user, Label: "label of " + id, Hash: hash, Kind: kind, Created: day}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

func userComesBack(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, bob))
	must(t, s.PutUser(ctx, alice))
	got, err := s.User(ctx, alice.ID)
	must(t, err)
	if d := cmp.Diff(alice, got, same); d != "" {
		t.Errorf("user (-put +got):\n%s", d)
	}
	renamed := bob
	renamed.Name, renamed.Lang = "Robert", "en"
	must(t, s.PutUser(ctx, renamed))
	all, err := s.Users(ctx)
	must(t, err)
	if d := cmp.Diff([]auth.User{alice, renamed}, all, same); d != "" {
		t.Errorf("users, oldest first (-want +got):\n%s", d)
	}
}

func namesAreUnique(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, alice))
	other := bob
	other.Name = alice.Name
	wantErr(t, s.PutUser(ctx, other), auth.ErrExists)
	_, err := s.User(ctx, bob.ID)
	wantErr(t, err, auth.ErrNotFound)
}

func deleteUser(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, alice))
	must(t, s.PutUser(ctx, bob))
	must(t, s.PutKey(ctx, key("k1", alice.ID, auth.KindAPI)))
	must(t, s.PutKey(ctx, key("k2", bob.ID, auth.KindAPI)))
	must(t, s.DeleteUser(ctx, alice.ID))
	_, err := s.KeyByHash(ctx, key("k1", "", "").Hash)
	wantErr(t, err, auth.ErrNotFound)
	_, err = s.KeyByHash(ctx, key("k2", "", "").Hash)
	must(t, err)
}

func keyByHash(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, alice))
	first, second := key("k1", alice.ID, auth.KindAPI), key("k2", alice.ID, auth.KindBrowser)
	first.Created, second.Expires = day, day.Add(time.Hour)
	second.Created = day.Add(time.Second)
	must(t, s.PutKey(ctx, first))
	must(t, s.PutKey(ctx, second))
	got, err := s.KeyByHash(ctx, second.Hash)
	must(t, err)
	if d := cmp.Diff(second, got, same); d != "" {
		t.Errorf("key (-put +got):\n%s", d)
	}
	all, err := s.Keys(ctx, alice.ID)
	must(t, err)
	if d := cmp.Diff([]auth.Key{first, second}, all, same); d != "" {
		t.Errorf("keys, oldest first (-want +got):\n%s", d)
	}
}

func idsAreUnique(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, alice))
	k := key("k1", alice.ID, auth.KindAPI)
	must(t, s.PutKey(ctx, k))
	must(t, s.RevokeKey(ctx, k.ID, day))
	other := key("k2", alice.ID, auth.KindAPI)
	other.ID = k.ID
	wantErr(t, s.PutKey(ctx, other), auth.ErrExists)
	_, err := s.KeyByHash(ctx, other.Hash)
	wantErr(t, err, auth.ErrNotFound)
}

func revokeKey(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, alice))
	k := key("k1", alice.ID, auth.KindAPI)
	must(t, s.PutKey(ctx, k))
	must(t, s.RevokeKey(ctx, k.ID, day.Add(time.Minute)))
	must(t, s.RevokeKey(ctx, k.ID, day.Add(time.Hour)))
	got, err := s.KeyByHash(ctx, k.Hash)
	must(t, err)
	k.Revoked = day.Add(time.Minute)
	if d := cmp.Diff(k, got, same); d != "" {
		t.Errorf("key (-want +got):\n%s", d)
	}
}

func takeKey(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, alice))
	k := key("t1", alice.ID, auth.KindTicket)
	must(t, s.PutKey(ctx, k))
	_, err := s.TakeKey(ctx, k.Hash, auth.KindBrowser, day)
	wantErr(t, err, auth.ErrNotFound)
	var got atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch taken, err := s.TakeKey(ctx, k.Hash, auth.KindTicket, day); {
			case err == nil && taken.User == alice.ID:
				got.Add(1)
			case !errors.Is(err, auth.ErrNotFound):
				t.Errorf("take key: %v", err)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("%d callers took the ticket, want 1", got.Load())
	}
}

func pruneKeys(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutUser(ctx, alice))
	past, future := day.Add(-time.Hour), day.Add(time.Hour)
	for id, k := range map[string]auth.Key{
		"expired-ticket":  {Kind: auth.KindTicket, Expires: past},
		"used-ticket":     {Kind: auth.KindTicket, Expires: future, Revoked: past},
		"live-ticket":     {Kind: auth.KindTicket, Expires: future},
		"expired-browser": {Kind: auth.KindBrowser, Expires: past},
		"live-browser":    {Kind: auth.KindBrowser, Expires: future},
		"revoked-api":     {Kind: auth.KindAPI, Revoked: past},
	} {
		full := key(id, alice.ID, k.Kind)
		full.Expires, full.Revoked = k.Expires, k.Revoked
		must(t, s.PutKey(ctx, full))
	}
	must(t, s.PruneKeys(ctx, day))
	left, err := s.Keys(ctx, alice.ID)
	must(t, err)
	got := map[string]bool{}
	for _, k := range left {
		got[k.ID] = true
	}
	if d := cmp.Diff(map[string]bool{"live-ticket": true, "live-browser": true, "revoked-api": true}, got); d != "" {
		t.Errorf("what is left (-want +got):\n%s", d)
	}
}

func version(t *testing.T, s auth.Store) {
	ctx := t.Context()
	seen := map[int64]string{}
	note := func(after string) {
		t.Helper()
		v, err := s.Version(ctx)
		must(t, err)
		if earlier, ok := seen[v]; ok {
			t.Errorf("the version after %s is that after %s: %d", after, earlier, v)
		}
		seen[v] = after
	}
	note("nothing")
	must(t, s.PutUser(ctx, alice))
	note("PutUser")
	must(t, s.PutKey(ctx, key("k1", alice.ID, auth.KindAPI)))
	note("PutKey")
	must(t, s.RevokeKey(ctx, "k1", day))
	note("RevokeKey")
	must(t, s.DeleteUser(ctx, alice.ID))
	note("DeleteUser")
}

func notFound(t *testing.T, s auth.Store) {
	ctx := t.Context()
	_, err := s.User(ctx, "nobody")
	wantErr(t, err, auth.ErrNotFound)
	_, err = s.KeyByHash(ctx, make([]byte, 32))
	wantErr(t, err, auth.ErrNotFound)
	_, err = s.TakeKey(ctx, make([]byte, 32), auth.KindTicket, day)
	wantErr(t, err, auth.ErrNotFound)
	wantErr(t, s.RevokeKey(ctx, "nothing", day), auth.ErrNotFound)
	wantErr(t, s.DeleteUser(ctx, "nobody"), auth.ErrNotFound)
	wantErr(t, s.PutKey(ctx, key("k1", "nobody", auth.KindAPI)), auth.ErrNotFound)
	keys, err := s.Keys(ctx, "nobody")
	must(t, err)
	if len(keys) != 0 {
		t.Errorf("a user that is not there has keys: %v", keys)
	}
}
