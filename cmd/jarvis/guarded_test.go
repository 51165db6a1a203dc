package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// dying is the program, with a fault in it that a signal sets off: a goroutine
// that nobody guards breaks, with a secret in hand.
func dying() {
	if os.Args[1] == "jarvis" {
		os.Args = slices.Delete(os.Args, 1, 2)
		broken := make(chan os.Signal, 1)
		signal.Notify(broken, syscall.SIGUSR2)
		go func() {
			<-broken
			secret := os.Getenv("SHOP_SECRET")
			switch os.Getenv("DIES_OF") {
			case "value":
				panic(fmt.Errorf("ask https://shop.example/?token=%s: %w", secret, errors.New("no answer")))
			case "argument":
				deref(secret, nil)
			case "nothing":
				holdsTheShopsSecret(secret)
			}
		}()
	}
	main()
}

//go:noinline
func deref(secret string, at *[2]string) string { return secret + at[1] }

// holdsTheShopsSecret stands still as it breaks, with a secret in its argument and
// in what it broke with.
func holdsTheShopsSecret(secret string) {
	defer func() { select {} }()
	panic(fmt.Errorf("ask with %s", secret))
}

// fault-C11: SIGQUIT writes the stacks of all goroutines to the log, scrubbed, and
// ends nothing. What a goroutine holds is not in them; so the secret is a name that
// is, and goes.
func TestStacksAreWrittenWithoutSecrets(t *testing.T) {
	const secret = "holdsTheShopsSecret"
	h := startHostWith(t, "", quiet+withKitchen, []string{"jarvis-dying"}, []string{"DIES_OF=nothing", "SHOP_SECRET=" + secret})
	h.ready("kitchen")
	h.signal(syscall.SIGUSR2)
	until(t, "the stack of who holds the secret", func() bool {
		h.signal(syscall.SIGQUIT)
		return strings.Contains(h.log.String(), "cmd/jarvis.[redacted](")
	})
	for _, says := range []string{"stacks of all goroutines", "panic({0x", "goroutine "} {
		if !strings.Contains(h.log.String(), says) {
			t.Errorf("the log has no %q", says)
		}
	}
	for encoding, text := range (canary{"shop", secret}).encodings() {
		if strings.Contains(h.log.String(), text) {
			t.Errorf("the secret, written as %s, is in %s", encoding, h.log)
		}
	}
	if got := h.dial("a").ask("what time is it").done.State; got != "answered" {
		t.Errorf("after the stacks a turn is %s", got)
	}
}

// fault-K3: what Go's runtime says as the host dies is written for the
// operator, without the secret in a panic's value, beside a pointer that is nil,
// or in the stacks of all goroutines.
func TestADyingHostTellsItsFaultAndNoSecret(t *testing.T) {
	for of, c := range map[string]struct {
		signal syscall.Signal
		says   string
	}{
		"value":    {syscall.SIGUSR2, "panic: ask https://shop.example/?token=[redacted]: no answer"},
		"argument": {syscall.SIGUSR2, "jarvis.deref("},
		"abort":    {syscall.SIGABRT, "SIGABRT: abort"},
	} {
		t.Run(of, func(t *testing.T) {
			h := startHostWith(t, "", quiet+withKitchen, []string{"jarvis-dying"}, []string{"DIES_OF=" + of})
			h.ready("kitchen")
			h.signal(c.signal)
			<-h.end
			if code := h.cmd.ProcessState.ExitCode(); code != 2 {
				t.Errorf("exit code %d", code)
			}
			until(t, "the last words", func() bool {
				return strings.Contains(h.log.String(), c.says) && strings.Contains(h.log.String(), "goroutine ")
			})
			for encoding, text := range (canary{"shop", "butter-and-bread"}).encodings() {
				if strings.Contains(h.log.String(), text) {
					t.Errorf("the secret, written as %s, is in %s", encoding, h.log)
				}
			}
			until(t, "no process to be left", func() bool { return len(h.processes()) == 0 })
		})
	}
}

// as runs a command as another user, where only root can; else as this one.
func as(user int, args ...string) (string, error) {
	cmd := exec.Command(args[0], args[1:]...)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}} //nolint:gosec // a constant
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// fault-K13: no core is dumped of the host or a plugin, and no other process of
// the same account reads what they hold: their memory, or the environment that
// the host was given its secrets in. A plugin's own has none.
func TestNobodyReadsWhatTheHostAndItsPluginsHold(t *testing.T) {
	h := contained(t)
	h.ready("weather")
	pids := []int{h.cmd.Process.Pid, h.plugin("weather").PID, h.plugin("hangman").PID}
	for _, pid := range pids {
		proc := "/proc/" + strconv.Itoa(pid) + "/"
		if out, err := as(nobody, "cat", proc+"status"); err != nil || !strings.Contains(out, "Uid:\t"+strconv.Itoa(owner())) {
			t.Errorf("%d does not run as expected: %v %s", pid, err, out)
		}
		for _, file := range []string{"environ", "mem", "maps", "fd/0"} {
			if out, err := as(nobody, "dd", "if="+proc+file, "count=1"); err == nil || !strings.Contains(out, "ermission denied") {
				t.Errorf("%s%s can be read: %v", proc, file, err)
			}
		}
		limits, err := os.ReadFile(proc + "limits")
		if err != nil || !slices.Contains(strings.Split(strings.Join(strings.Fields(string(limits)), " "), "Max "), "core file size 0 0 bytes ") {
			t.Errorf("%d may dump a core: %v %s", pid, err, limits)
		}
	}
	if h.metric("process_open_fds") == 0 {
		t.Error("the host can't look at itself any more")
	}
}

// owner is whose processes a contained host and its plugins are.
func owner() int {
	if os.Getuid() == 0 {
		return nobody
	}
	return os.Getuid()
}

// fault-K15, X10: a secret that is written anew counts while the host runs, for
// models and for plugins, without a signal; the old one stays out of the log and
// out of conversations, also after more of them.
func TestASecretIsRotatedWhileTheHostRuns(t *testing.T) {
	var seen atomic.Value
	model := llmtest.New(t, llmtest.Rule{Reply: "You said: {text}"})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		model.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	dir := t.TempDir()
	shop := filepath.Join(dir, "shop.key")
	write := func(c canary) {
		t.Helper()
		if err := os.WriteFile(shop+".new", []byte(c.value), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(shop+".new", shop); err != nil {
			t.Fatal(err)
		}
	}
	birds := []canary{newCanary("first"), newCanary("second"), newCanary("third")}
	write(birds[0])
	h := startHost(t, dir, "llm:\n  providers:\n    m: {kind: openai, url: \""+proxy.URL+"\", key: \"file:"+shop+"\"}\n  routes: {a: {provider: m, model: toy}}\n"+
		strings.Replace(withKitchen, "env:SHOP_SECRET", "file:"+shop, 1))
	h.ready("kitchen")
	c := h.dial("a")
	for i, bird := range birds {
		write(bird)
		until(t, "the model to be asked with "+bird.name, func() bool {
			c.ask("how are you today")
			return seen.Load() == "Bearer "+bird.value
		})
		want := fmt.Sprintf("%d letters", len(bird.value))
		until(t, "the plugin to get "+bird.name, func() bool { return c.ask("order some food").done.Text == want })
		for _, old := range birds[:i+1] {
			if got := c.ask("what of " + old.value + "?").done.Text; got != "You said: what of [redacted]?" {
				t.Errorf("%s after %s: %q", old.name, bird.name, got)
			}
			h.rest(http.MethodPost, "/v1/tools/kitchen/"+"nothing", `{"x":`+quoted(old.value)+`}`, nil)
		}
	}
	h.stop()
	for _, bird := range birds {
		for encoding, text := range bird.encodings() {
			if strings.Contains(h.log.String(), text) || len(h.holdingExactly(text)) > 0 {
				t.Errorf("%s, written as %s, was kept: %v", bird.name, encoding, h.holdingExactly(text))
			}
		}
	}
	// Of what was a secret nothing is kept, so that a host which starts anew can't
	// know it: docs/operations.md says so, and why.
	again := startHost(t, dir, withModel(model.URL()))
	if got := again.dial("b").ask("what of " + birds[0].value + "?").done.Text; got != "You said: what of "+birds[0].value+"?" {
		t.Errorf("after a restart: %q", got)
	}
	if n := strings.Count(h.log.String(), "the shop's secret is [redacted]"); n < len(birds) {
		t.Errorf("the plugin logged its secret %d times: this test looks in the wrong place", n)
	}
}

// holdingExactly lists the files of the data directory that hold a text.
func (h *hostProcess) holdingExactly(text string) (files []string) {
	h.t.Helper()
	filesBelow(h.t, h.data(), func(path string, raw []byte) {
		if bytes.Contains(raw, []byte(text)) {
			files = append(files, path)
		}
	})
	return files
}

// fault-K10, X10: of a key the store has a keyed hash alone; files that hold keys
// or what people said are their owner's alone, and are made so where a copy or a
// mount made them wider; a key's file that others read ends the start.
func TestKeysAreKeptAsHashesInFilesOfTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, quiet)
	c := h.dial("a")
	c.ask("remember that the bins go out on Tuesday")
	var made struct{ User, Key string }
	out, errs, code := h.jarvis("", "user", "add", "alice", "--role", "user", "--json", "--data", "data")
	if code != exitOK {
		t.Fatalf("%d %s", code, errs)
	}
	made.Key = strings.Split(strings.SplitAfter(out, `"key":`)[1], `"`)[1]
	h.stop()
	sum := sha256Forms(made.Key)
	for _, key := range append(sum, made.Key, strings.TrimPrefix(made.Key, "jrv_")) {
		if files := h.holdingExactly(key); len(files) > 0 {
			t.Errorf("a key, or its hash without another key, is in %v", files)
		}
	}
	if files := h.holdingExactly(h.key); !slices.Equal(files, []string{filepath.Join(h.data(), "operator.key")}) {
		t.Errorf("the operator's key is in %v", files)
	}
	wide := 0
	widen := func(mode fs.FileMode) {
		t.Helper()
		wide = 0
		err := filepath.WalkDir(h.data(), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, "auth.secret") || strings.Contains(path, "/plugins/") {
				return err
			}
			wide++
			return os.Chmod(path, mode)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	widen(0o644)
	h = startHost(t, dir, quiet)
	h.dial("b").ask("what do you know about the bins?")
	err := filepath.WalkDir(h.data(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && d.Type().IsRegular() && info.Mode().Perm()&0o077 != 0 && !strings.Contains(path, "/plugins/") && !strings.HasSuffix(path, "host.lock") {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil || wide < 5 {
		t.Errorf("%d files, %v", wide, err)
	}
	if !strings.Contains(h.log.String(), "others could read a file of the data directory, now they can't: file="+filepath.Join(h.data(), "operator.key")) {
		t.Errorf("the operator is not told: %s", h.log)
	}
	h.stop()
	secret := filepath.Join(h.data(), "auth.secret")
	if err := os.Chmod(secret, 0o640); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("jarvis", "serve", "--config", filepath.Join(dir, "jarvis.yaml"), "--data", h.data(), "--listen", "127.0.0.1:0")
	said, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code == 0 || !strings.Contains(string(said), "chmod 600 "+secret) {
		t.Errorf("with a key that others read: exit %d, %s", code, said)
	}
}

// sha256Forms is what a hash without a key of its own would look like.
func sha256Forms(key string) []string {
	sum := sha256.Sum256([]byte(key))
	return []string{string(sum[:]), hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:])}
}
