package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

func (h *hostProcess) told(line string) {
	h.t.Helper()
	until(h.t, "the log to tell: "+line, func() bool { return strings.Contains(h.log.String(), line) })
}

// fault-C9: a hundred reloads while people talk cut nobody off, every answer is one
// configuration's or the other's, and the last one counts in the end.
func TestAHundredReloadsUnderLoadCutNobodyOff(t *testing.T) {
	models := []*llmtest.Server{llmtest.New(t, llmtest.Rule{Reply: "from the first"}), llmtest.New(t, llmtest.Rule{Reply: "from the second"})}
	config := func(i int) string { return withModel(models[i%2].URL()) + unlimited }
	h := startHost(t, "", config(0))
	file := filepath.Join(h.dir, "jarvis.yaml")
	var all sync.WaitGroup
	over := make(chan struct{})
	for i := range 4 {
		c := h.dial(fmt.Sprintf("c%d", i))
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				c.say("how are you doing")
				// What fails is told after all have ended.
				switch got := c.turn().done; got.Text {
				case "from the first", "from the second":
				default:
					t.Errorf("%s: %+v", c.name, got)
				}
			}
		})
	}
	reload := func(config string) {
		t.Helper()
		// As editors write: the file is never half there.
		next := file + ".new"
		if err := os.WriteFile(next, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
		h.signal(syscall.SIGHUP)
	}
	for i := range 100 {
		reload(config(i + 1))
	}
	reload(config(1) + "language: fr\n")
	h.told("setting=language old=auto new=fr")
	close(over)
	all.Wait()
	c := h.dial("after")
	if got := c.ask("how are you doing").done; got.Text != "from the second" {
		t.Errorf("after the last reload: %+v", got)
	}
	if strings.Contains(h.log.String(), "the last good one stays") {
		t.Error("a good configuration was not taken over")
	}
}

// A file is watched by its name: one that is replaced, a link that leads elsewhere as
// Kubernetes swaps them, and a file that is gone for a while, with which the last good
// configuration stays.
func TestAConfigurationFileIsWatchedByItsName(t *testing.T) {
	h := startHost(t, "", quiet+"limits:\n  chat_per_minute: 1\n")
	name := filepath.Join(h.dir, "jarvis.yaml")
	for i := range 2 {
		dir := filepath.Join(h.dir, fmt.Sprint("version", i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "jarvis.yaml"), fmt.Appendf(nil, "%slimits:\n  chat_per_minute: %d\n", quiet, 100+i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, at+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(at+".new", at); err != nil {
			t.Fatal(err)
		}
	}
	link("version0", filepath.Join(h.dir, "now"))
	link("now/jarvis.yaml", name)
	h.told("configuration changed: setting=limits.chat_per_minute old=1 new=100")
	link("version1", filepath.Join(h.dir, "now"))
	h.told("configuration changed: setting=limits.chat_per_minute old=100 new=101")

	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	h.told("configuration not taken over, the last good one stays")
	c := h.dial("a")
	for range 3 {
		if got := c.ask("what time is it").done; got.State != "answered" {
			t.Errorf("without the file: %+v", got)
		}
	}
	link("version0/jarvis.yaml", name)
	h.told("configuration changed: setting=limits.chat_per_minute old=101 new=100")
}
