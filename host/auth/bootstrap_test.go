package auth_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestTheFirstStartMakesOneOperator(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	path, made, err := auth.Bootstrap(t.Context(), w.Service, dir)
	must(t, err)
	if !made || path != filepath.Join(dir, auth.OperatorKeyFile) {
		t.Fatalf("got %q, made %v", path, made)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file has mode %#o, want 0600", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	must(t, err)
	p, err := w.Authenticate(t.Context(), strings.TrimSpace(string(text)))
	must(t, err)
	if p.User.Role != turn.RoleOperator {
		t.Errorf("the key is a %s's", p.User.Role)
	}

	_, made, err = auth.Bootstrap(t.Context(), w.another(t), dir)
	must(t, err)
	again, err := os.ReadFile(path)
	must(t, err)
	if made || !bytes.Equal(text, again) {
		t.Error("the second start made another operator key")
	}
}

func TestAFirstStartThatWasCutIsFinished(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	_, err := w.AddUser(t.Context(), auth.NewUser{Name: auth.OperatorName, Role: turn.RoleOperator})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, auth.OperatorKeyFile), []byte("jrv_half"), 0o600))
	path, _, err := auth.Bootstrap(t.Context(), w.Service, dir)
	must(t, err)
	text, err := os.ReadFile(path)
	must(t, err)
	_, err = w.Authenticate(t.Context(), strings.TrimSpace(string(text)))
	must(t, err)
}

func TestProcessesThatStartTogetherShareTheSecret(t *testing.T) {
	dir := t.TempDir()
	secrets := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range secrets {
		all.Go(func() {
			var err error
			if secrets[i], err = auth.LoadSecret(dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, s := range secrets {
		if len(s) != 32 || !bytes.Equal(s, secrets[0]) {
			t.Fatalf("secrets differ: %x and %x", s, secrets[0])
		}
	}
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestASecretThatOthersReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	_, err := auth.LoadSecret(dir)
	must(t, err)
	path := filepath.Join(dir, auth.SecretFile)
	must(t, os.Chmod(path, 0o644))
	if _, err = auth.LoadSecret(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v, want the way to mend it", err)
	}
	must(t, os.Chmod(path, 0o600))
	must(t, os.WriteFile(path, []byte("short"), 0o600))
	if _, err = auth.LoadSecret(dir); err == nil {
		t.Error("a damaged secret was taken")
	}
}
