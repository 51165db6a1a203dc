package host

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/turn"
)

// accountsOf opens the accounts of a data directory of the test's own.
func accountsOf(t *testing.T) (*Accounts, *config.Snapshot) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "jarvis.yaml")
	if err := os.WriteFile(file, []byte("data_dir: "+filepath.Join(dir, "data")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Options{File: file, SecretDirs: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenAccounts(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a, cfg
}

// X09: with a service goes everyone whom it named, and nobody else.
func TestErasingAServiceErasesWhomItNamed(t *testing.T) {
	a, cfg := accountsOf(t)
	add := func(name string, role turn.Role) (auth.User, auth.Principal) {
		u, err := a.AddUser(t.Context(), auth.NewUser{Name: name, Role: role})
		if err != nil {
			t.Fatal(err)
		}
		key, _, err := a.CreateKey(t.Context(), u.ID, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		p, err := a.Authenticate(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return u, p
	}
	add("alice", turn.RoleUser)
	door, speaks := add("door", turn.RoleService)
	_, other := add("other", turn.RoleService)
	var named auth.Principal
	var err error
	for _, p := range []auth.Principal{speaks, other} {
		for _, name := range []string{"alice", "bob"} {
			if named, err = a.For(t.Context(), p, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, err := a.ErasePerson(t.Context(), cfg, door)
	if err != nil {
		t.Fatal(err)
	}
	if r.Erased["user"] != 3 || r.Erased["key"] != 1 {
		t.Errorf("erased %v", r.Erased)
	}
	users, err := a.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, u := range users {
		left = append(left, u.Name)
	}
	if len(left) != 4 {
		t.Errorf("left: %v", left)
	}
	if again, err := a.Again(t.Context(), named); err != nil || again.User.Name != "other/bob" {
		t.Errorf("another service's user: %+v, %v", again, err)
	}
	if _, err := a.Again(t.Context(), speaks); err == nil {
		t.Error("the erased service speaks on")
	}
}
