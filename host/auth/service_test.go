package auth_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/auth/authtest"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// counting counts the look-ups that reach the store.
type counting struct {
	authtest.Store
	lookups atomic.Int32
}

func (c *counting) KeyByHash(ctx context.Context, hash []byte) (auth.Key, error) {
	c.lookups.Add(1)
	return c.Store.KeyByHash(ctx, hash)
}

// world is a service over a store in memory, and its clock.
type world struct {
	*auth.Service
	store *counting
	now   time.Time
}

func newWorld(t *testing.T, operatorKeys ...string) *world {
	t.Helper()
	w := &world{store: &counting{}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	s, err := auth.New(auth.Options{Store: w.store, Secret: make([]byte, 32), OperatorKeys: operatorKeys, Now: func() time.Time { return w.now }})
	must(t, err)
	w.Service = s
	return w
}

// another is a second process over the same store.
func (w *world) another(t *testing.T) *auth.Service {
	t.Helper()
	s, err := auth.New(auth.Options{Store: w.store, Secret: make([]byte, 32), Now: func() time.Time { return w.now }})
	must(t, err)
	return s
}

func (w *world) user(t *testing.T, name string) auth.User {
	t.Helper()
	u, err := w.AddUser(t.Context(), auth.NewUser{Name: name, Role: turn.RoleUser})
	must(t, err)
	return u
}

func (w *world) key(t *testing.T, user string) string {
	t.Helper()
	text, _, err := w.CreateKey(t.Context(), user, "test", 0)
	must(t, err)
	return text
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, auth.ErrUnauthenticated) {
		t.Fatalf("got error %v, want %v", err, auth.ErrUnauthenticated)
	}
}

func TestAKeyStandsForItsUser(t *testing.T) { // X01
	w := newWorld(t)
	u := w.user(t, "alice")
	text, k, err := w.CreateKey(t.Context(), u.ID, "laptop", 0)
	must(t, err)
	if !regexp.MustCompile(`^jrv_[A-Za-z0-9_-]{43}$`).MatchString(text) {
		t.Errorf("key %q has another shape", text)
	}
	p, err := w.Authenticate(t.Context(), text)
	must(t, err)
	if p.User.ID != u.ID || p.Key != k.ID || p.Kind != auth.KindAPI {
		t.Errorf("got %+v, want alice's key", p)
	}
	kept, err := w.store.Keys(t.Context(), u.ID)
	must(t, err)
	if strings.Contains(string(kept[0].Hash), text[4:]) || len(kept[0].Hash) != 32 {
		t.Error("the store holds more than a hash of the key")
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) { // X01
	w := newWorld(t)
	good := w.key(t, w.user(t, "alice").ID)
	for name, presented := range map[string]string{
		"empty":      "",
		"blank":      "   ",
		"other":      "jrv_" + strings.Repeat("A", 43),
		"other case": strings.ToUpper(good),
		"shorter":    good[:len(good)-1],
		"longer":     good + "A",
		"trailing":   good + "\n",
		"huge":       strings.Repeat("A", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Authenticate(t.Context(), presented)
			refused(t, err)
		})
	}
}

func TestAnExpiredKeyIsRefused(t *testing.T) {
	w := newWorld(t)
	text, _, err := w.CreateKey(t.Context(), w.user(t, "alice").ID, "", time.Hour)
	must(t, err)
	w.now = w.now.Add(time.Hour - time.Millisecond)
	p, err := w.Authenticate(t.Context(), text)
	must(t, err)
	w.now = w.now.Add(time.Millisecond)
	_, err = w.Authenticate(t.Context(), text)
	refused(t, err)
	_, err = w.Again(t.Context(), p)
	refused(t, err)
}

func TestARevokedKeyIsRefusedAtOnce(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	text := w.key(t, u.ID)
	p, err := w.Authenticate(t.Context(), text)
	must(t, err)
	must(t, w.RevokeKey(t.Context(), u.ID, p.Key))
	_, err = w.Authenticate(t.Context(), text)
	refused(t, err)
}

func TestAnotherProcessesRevocationIsSeenWithinASecond(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	text := w.key(t, u.ID)
	p, err := w.Authenticate(t.Context(), text)
	must(t, err)
	before, err := w.Changes(t.Context())
	must(t, err)
	must(t, w.another(t).RevokeKey(t.Context(), "", p.Key))
	w.now = w.now.Add(time.Second)
	after, err := w.Changes(t.Context())
	must(t, err)
	if after == before {
		t.Error("the change went unnoticed")
	}
	_, err = w.Again(t.Context(), p)
	refused(t, err)
}

func TestARemovedUsersKeysAreRefused(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	text := w.key(t, u.ID)
	_, err := w.Authenticate(t.Context(), text)
	must(t, err)
	must(t, w.RemoveUser(t.Context(), u.ID))
	_, err = w.Authenticate(t.Context(), text)
	refused(t, err)
}

func TestAKnownKeyIsLookedUpOnce(t *testing.T) {
	w := newWorld(t)
	text := w.key(t, w.user(t, "alice").ID)
	for range 5 {
		_, err := w.Authenticate(t.Context(), text)
		must(t, err)
	}
	if n := w.store.lookups.Load(); n != 1 {
		t.Errorf("%d look-ups, want 1", n)
	}
	w.Changed()
	_, err := w.Authenticate(t.Context(), text)
	must(t, err)
	if n := w.store.lookups.Load(); n != 2 {
		t.Errorf("%d look-ups after a change, want 2", n)
	}
}

func TestAStoreThatDoesNotAnswerIsNoRefusal(t *testing.T) {
	w := newWorld(t)
	text := w.key(t, w.user(t, "alice").ID)
	broken := errors.New("disk on fire")
	w.store.Fail(broken)
	_, err := w.Authenticate(t.Context(), text)
	if !errors.Is(err, broken) || errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("got %v, want the store's error", err)
	}
}

func TestAConfiguredKeyIsTheOperatorsWhileItIsConfigured(t *testing.T) {
	w := newWorld(t, " from-outside ", "")
	_, err := w.Authenticate(t.Context(), "from-outside")
	refused(t, err) // there is no operator yet
	_, _, err = auth.Bootstrap(t.Context(), w.Service, t.TempDir())
	must(t, err)
	p, err := w.Authenticate(t.Context(), "from-outside")
	must(t, err)
	if p.User.Role != turn.RoleOperator || p.Key != auth.ConfiguredKey {
		t.Errorf("got %+v, want the operator", p)
	}
	w.SetOperatorKeys([]string{"rotated"})
	_, err = w.Again(t.Context(), p)
	refused(t, err)
	_, err = w.Authenticate(t.Context(), "rotated")
	must(t, err)
}

func TestAProblemWithAUserNamesTheField(t *testing.T) {
	w := newWorld(t)
	w.user(t, "alice")
	for name, c := range map[string]struct {
		user  auth.NewUser
		code  protocol.Code
		field string
	}{
		"no name":         {auth.NewUser{Role: turn.RoleUser}, protocol.Invalid, "name"},
		"blank name":      {auth.NewUser{Name: "  ", Role: turn.RoleUser}, protocol.Invalid, "name"},
		"escape in name":  {auth.NewUser{Name: "a\x1b[2J", Role: turn.RoleUser}, protocol.Invalid, "name"},
		"hidden in name":  {auth.NewUser{Name: "a\u202eb", Role: turn.RoleUser}, protocol.Invalid, "name"},
		"long name":       {auth.NewUser{Name: strings.Repeat("é", 65), Role: turn.RoleUser}, protocol.Invalid, "name"},
		"taken name":      {auth.NewUser{Name: "alice", Role: turn.RoleUser}, protocol.Conflict, "name"},
		"no role":         {auth.NewUser{Name: "bob"}, protocol.Invalid, "role"},
		"unknown role":    {auth.NewUser{Name: "bob", Role: "root"}, protocol.Invalid, "role"},
		"unknown lang":    {auth.NewUser{Name: "bob", Role: turn.RoleUser, Lang: "de"}, protocol.Invalid, "lang"},
		"unknown zone":    {auth.NewUser{Name: "bob", Role: turn.RoleUser, Zone: "Mars/Base"}, protocol.Invalid, "tz"},
		"traversing zone": {auth.NewUser{Name: "bob", Role: turn.RoleUser, Zone: "../../etc/passwd"}, protocol.Invalid, "tz"},
		"user's plugins":  {auth.NewUser{Name: "bob", Role: turn.RoleUser, Plugins: []string{"weather"}}, protocol.Invalid, "plugins"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.AddUser(t.Context(), c.user)
			p, ok := errors.AsType[*protocol.Problem](err)
			if !ok || p.Code != c.code || p.Field != c.field {
				t.Errorf("got %v, want %s about %s", err, c.code, c.field)
			}
		})
	}
}

func TestAChangeKeepsWhoTheUserIs(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	got, err := w.UpdateUser(t.Context(), u.ID, func(u *auth.User) {
		u.Lang, u.Zone, u.Role, u.ID = "fr", "Europe/Paris", turn.RoleOperator, "other"
	})
	must(t, err)
	if got.ID != u.ID || got.Role != turn.RoleUser || got.Lang != "fr" || got.Zone != "Europe/Paris" {
		t.Errorf("got %+v", got)
	}
}

func TestTheLastOperatorStays(t *testing.T) {
	w := newWorld(t)
	_, _, err := auth.Bootstrap(t.Context(), w.Service, t.TempDir())
	must(t, err)
	op, err := w.FindUser(t.Context(), auth.OperatorName)
	must(t, err)
	if code := protocol.CodeOf(w.RemoveUser(t.Context(), op.ID)); code != protocol.Conflict {
		t.Fatalf("removing the last operator: %s, want %s", code, protocol.Conflict)
	}
	_, err = w.AddUser(t.Context(), auth.NewUser{Name: "second", Role: turn.RoleOperator})
	must(t, err)
	must(t, w.RemoveUser(t.Context(), op.ID))
}

func TestAnEndUserCannotRevokeAnothersKey(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.user(t, "alice"), w.user(t, "bob")
	text := w.key(t, alice.ID)
	p, err := w.Authenticate(t.Context(), text)
	must(t, err)
	if err := w.RevokeKey(t.Context(), bob.ID, p.Key); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("got %v, want %v", err, auth.ErrNotFound)
	}
	_, err = w.Authenticate(t.Context(), text)
	must(t, err)
}

func TestTheListOfKeysLeavesOutTicketsAndOldOnes(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	w.key(t, u.ID)
	_, old, err := w.CreateKey(t.Context(), u.ID, "old", 0)
	must(t, err)
	must(t, w.RevokeKey(t.Context(), "", old.ID))
	_, err = w.SignInTicket(t.Context(), u.ID)
	must(t, err)
	keys, err := w.Keys(t.Context(), u.ID)
	must(t, err)
	if len(keys) != 1 || keys[0].Label != "test" {
		t.Errorf("got %v, want the one key", keys)
	}
}

// The end users whom one service names have a bound, which a person reads of.
func TestAServiceNamesSoManyPeopleAndNoMore(t *testing.T) {
	w := newWorld(t)
	u, err := w.AddUser(t.Context(), auth.NewUser{Name: "webui", Role: turn.RoleService})
	must(t, err)
	service, err := w.Authenticate(t.Context(), w.key(t, u.ID))
	must(t, err)
	zoe, err := w.For(t.Context(), service, "zoe")
	must(t, err)
	for i := range 9_999 {
		id := fmt.Sprintf("u%d", i)
		must(t, w.store.PutUser(t.Context(), auth.User{ID: id, Name: "webui/" + id, Role: turn.RoleUser, Service: u.ID}))
	}
	_, err = w.For(t.Context(), service, "ann")
	if p, ok := errors.AsType[*protocol.Problem](err); !ok || p.Code != protocol.Busy || p.Text != protocol.WordTooManyNamed {
		t.Errorf("one more: got %v", err)
	}
	if again, err := w.For(t.Context(), service, "zoe"); err != nil || again.User.ID != zoe.User.ID {
		t.Errorf("one who is known: got %+v, %v", again, err)
	}
}
