package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/cmd/jarvis/scaffold"
)

// The longest that the guide's whole plugin may be, in lines of its file.
var longest = map[string]int{"go": 59, "python": 39}

// D01, D06, D10, D13, D14: someone who has only the guide types its commands into an
// empty folder, saves its files, and the plugin answers in chat, in Go and in Python.
func TestTheTenMinutesOfTheGuide(t *testing.T) {
	chapters := chaptersOf(t, "../../docs/plugin-guide.md")
	if len(chapters) != 6 {
		t.Fatalf("the guide has %d chapters, expected an introduction and five", len(chapters))
	}
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		follow(t, "go", chapters[1], chapters[4], chapters[5])
	})
	t.Run("python", func(t *testing.T) {
		t.Parallel()
		python(t)
		follow(t, "python", chapters[2], chapters[4], chapters[5])
	})
}

// step is a block of the guide: what to save, type or write, and what is then
// on the screen.
type step struct {
	kind, file, text, shows string
}

// chaptersOf reads the ten minutes, with the introduction.
func chaptersOf(t *testing.T, page string) (out [][]step) {
	t.Helper()
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(raw), "\n---\n")
	for _, chapter := range strings.Split(text, "\n## ") {
		var steps []step
		for _, b := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)```\n").FindAllStringSubmatch(chapter, -1) {
			s := step{kind: b[1], text: b[2]}
			if s.kind == "text" {
				steps[len(steps)-1].shows = s.text
				continue
			}
			if first, rest, _ := strings.Cut(s.text, "\n\n"); strings.Contains(first, " file: ") {
				_, s.file, _ = strings.Cut(first, " file: ")
				s.text = rest
			}
			steps = append(steps, s)
		}
		out = append(out, steps)
	}
	return out
}

// reader is someone with an empty folder.
type reader struct {
	t      *testing.T
	lang   string
	home   string
	dir    string // where the reader stands
	port   string // of the kettle, which is another one in each test
	config string
	host   *hostProcess
}

func follow(t *testing.T, lang string, chapters ...[]step) {
	t.Helper()
	r := &reader{t: t, lang: lang, home: t.TempDir()}
	r.dir = r.home
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, r.port, _ = net.SplitHostPort(lis.Addr().String())
	kettle := &http.Server{Handler: http.FileServer(http.Dir(filepath.Join(r.dir, "tea", "kettle"))), ReadHeaderTimeout: patience}
	go func() { _ = kettle.Serve(lis) }() // ends with Close
	t.Cleanup(func() { _ = kettle.Close() })
	for _, chapter := range chapters {
		for _, s := range chapter {
			r.take(s)
		}
	}
	if r.host == nil {
		t.Error("the guide started no host")
	}
}

func (r *reader) take(s step) {
	r.t.Helper()
	s.text = strings.ReplaceAll(strings.ReplaceAll(s.text, "8808", r.port), "/home/me", r.home)
	switch s.kind {
	case "yaml":
		r.config = s.text
	case "sh":
		r.shows(s, r.shell(s))
	default:
		r.save(s)
	}
}

// save holds the file of the whole plugin to its bound.
func (r *reader) save(s step) {
	r.t.Helper()
	if lines := strings.Count(s.text, "\n"); !strings.Contains(s.file, "test") && lines > longest[r.lang] {
		r.t.Errorf("%s has %d lines, at most %d are promised", s.file, lines, longest[r.lang])
	}
	if err := os.WriteFile(filepath.Join(r.dir, s.file), []byte(s.text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// shell types a block's lines, and what the person says to the last of them.
func (r *reader) shell(s step) string {
	r.t.Helper()
	screen := ""
	for line := range strings.Lines(s.text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "cd tea":
			r.dir = filepath.Join(r.dir, "tea")
		case line == "jarvis serve":
			r.host = startHost(r.t, "", quiet+r.config)
			r.host.ready("tea")
		case strings.HasPrefix(line, "python3 -m http.server"): // the test has a kettle
		default:
			screen += r.run(line, typed(s.shows))
		}
	}
	return screen
}

func (r *reader) run(line, input string) string {
	r.t.Helper()
	if strings.HasPrefix(line, "python3") {
		line = strings.Replace(line, "python3", scaffold.Interpreter(), 1)
	}
	if strings.HasPrefix(line, "jarvis plugin verify") {
		line += " --slack 10" // beside other tests
	}
	cmd := exec.Command("sh", "-ec", line)
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(input)
	cmd.Env = append(os.Environ(), "LANG=C", "TZ=UTC", "GOPROXY=off", "GOFLAGS=-mod=readonly -trimpath", "GOWORK=off", "OLLAMA_URL=http://127.0.0.1:9")
	if r.host != nil {
		cmd.Env = append(cmd.Env, "JARVIS_URL=http://"+r.host.addr, "JARVIS_KEY_FILE="+r.host.data()+"/operator.key")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// typed are the lines that the person types.
func typed(shows string) (in string) {
	for line := range strings.Lines(shows) {
		if text, ok := strings.CutPrefix(line, "> "); ok {
			in += text
		}
	}
	return in
}

var clockTime = regexp.MustCompile(`\d\d:\d\d`)

// shows looks for the lines of a screen, in their order; it is another time.
func (r *reader) shows(s step, screen string) {
	r.t.Helper()
	rest := clockTime.ReplaceAllString(screen, "18:00")
	for line := range strings.Lines(s.shows) {
		line = clockTime.ReplaceAllString(strings.TrimSpace(line), "18:00")
		if strings.HasPrefix(line, "> ") {
			continue
		}
		_, after, found := strings.Cut(rest, line)
		if !found {
			r.t.Fatalf("%q is not on the screen after\n%s\n%s", line, s.text, screen)
		}
		rest = after
	}
}
