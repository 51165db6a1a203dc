package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheCommandsOfTheDocumentsWork runs every line of the documents' sh blocks, page
// by page, against one running host: what a reader types works.
func TestTheCommandsOfTheDocumentsWork(t *testing.T) {
	h := startHost(t, "", withWeather(openMeteo(t)))
	for _, page := range []string{"../../README.md", "../../docs/operations.md", "../../docs/sentences.md", "../../docs/models.md", "../../docs/memory.md", "../../docs/mcp.md", "../../docs/clients.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			lines := commandsOf(t, page)
			if len(lines) == 0 {
				t.Fatal("the page has no commands")
			}
			for _, line := range lines {
				cmd := exec.Command("sh", "-ec", line)
				cmd.Dir = h.dir
				cmd.Env = []string{quickExit, "PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "JARVIS_URL=http://" + h.addr, "LANG=C"}
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", line, err, out)
				}
			}
		})
	}
}

// commandsOf lists the commands of a page's sh blocks: jarvis, and what asks it.
// Those of make are what runs this test.
func commandsOf(t *testing.T, page string) []string {
	t.Helper()
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	in := false
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "```sh":
			in = true
		case strings.HasPrefix(line, "```"):
			in = false
		case in && (strings.HasPrefix(line, "jarvis ") || strings.Contains(line, "| jarvis ") || strings.HasPrefix(line, "curl ") || strings.HasPrefix(line, "printf ")):
			out = append(out, line)
		case in && line != "" && !strings.HasPrefix(line, "make "):
			t.Errorf("%s: %q is run by no test", page, line)
		}
	}
	return out
}
