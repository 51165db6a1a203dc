package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// M12: an archive makes a fresh host give the same answers, and says first what it
// would add.
func TestAnArchiveMovesAMemoryToAFreshHost(t *testing.T) {
	questions := []string{"que sais-tu de moi ?", "what do you know about me?", "where do I live?", "que sais-tu de ma sœur ?"}
	answers := func(h *hostProcess) (all []string) {
		c := h.dial("asks")
		for _, q := range questions {
			all = append(all, c.ask(q).done.Text)
		}
		return all
	}
	old := startHost(t, "", quiet)
	c := old.dial("phone")
	for _, text := range []string{"remember that I'm allergic to nuts", "I live in Lyon", "en fait, j'habite à Nantes", "ma sœur s'appelle Clara"} {
		c.ask(text)
	}
	want := answers(old)
	memory := func(h *hostProcess, args ...string) string {
		t.Helper()
		cmd := exec.Command("jarvis", append(append([]string{"memory"}, args...), "--data", h.data())...) //nolint:gosec // our own
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	archive := filepath.Join(t.TempDir(), "ana.jsonl")
	memory(old, "export", archive)
	fresh := startHost(t, "", quiet)
	dry := memory(fresh, "import", archive, "--dry-run")
	if strings.Count(dry, "+ ") == 0 || !strings.Contains(dry, "would be added, 0 there already") || len(fresh.memories().Items) != 0 {
		t.Fatalf("the dry run says %q, and %d are there", dry, len(fresh.memories().Items))
	}
	for _, added := range []string{"added, 0 there", "0 messages and 0 facts added"} {
		if said := memory(fresh, "import", archive); !strings.Contains(said, added) {
			t.Errorf("the import says %q, want %q", said, added)
		}
	}
	for i, got := range answers(fresh) {
		if got != want[i] || got == "" {
			t.Errorf("%s: %q, was %q", questions[i], got, want[i])
		}
	}
}
