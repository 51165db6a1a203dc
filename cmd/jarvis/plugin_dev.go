package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/cmd/jarvis/bundle"
	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

func pluginDevCommand() command {
	c := command{
		name: "plugin dev", args: "[DIR] [--plugin-config FILE] [--lang L] [--quiet]",
		summary: "talk with the plugin in a folder; it is built and swapped whenever you save, and the conversation goes on",
		example: "  jarvis plugin dev\n  jarvis plugin dev ./dice --plugin-config dice.json\n" +
			"  OLLAMA_URL=http://127.0.0.1:11434 jarvis plugin dev ./dice    # with a language model",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		w := workshop{}
		w.author.register(fs)
		lang := fs.String("lang", "", "answer in `LANG` (fr or en) whatever is said")
		rest, err := parse(fs, args, 0, 1)
		if err != nil {
			return err
		}
		w.source = "."
		if len(rest) > 0 {
			w.source = rest[0]
		}
		return w.run(ctx, p, *lang)
	}
	return c
}

// workshop is a host of its own for one plugin that is being written. It grants
// the plugin what it needs, knows no other plugin, and forgets everything at its
// end.
type workshop struct {
	p      *program
	author authorFlags
	source string // the plugin's folder
	dir    string // all that is made on the way
	from   config.Options
	host   *host.Host
	plugin string // its id
	builds int
	// sentences is what the build that runs understands by itself.
	sentences atomic.Pointer[intent.Matcher]
	next      *intent.Matcher // of the last build, which may not run yet
}

func (w *workshop) run(ctx context.Context, p *program, lang string) (err error) {
	shared := *p // the watcher and the conversation write by turns
	screen := &screenLines{}
	shared.stdout, shared.stderr = &answerWriter{screen, p.stdout}, &lineWriter{screen, p.stderr}
	w.p = &shared
	if w.source, err = filepath.Abs(w.source); err != nil {
		return fmt.Errorf("find folder: %w", err)
	}
	if w.dir, err = os.MkdirTemp("", "jarvis-dev-"); err != nil {
		return fmt.Errorf("make room for builds: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(w.dir)) }()
	before := lookAt(w.source)
	if err := w.begin(ctx); err != nil {
		return err
	}
	watching, enough := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.watch(watching, before)
	}()
	err = w.p.chat(ctx, chatOptions{remote: w.remote(), lang: lang, unanswered: w.unanswered})
	enough()
	<-ended
	return errors.Join(err, w.host.Stop(ctx))
}

func (w *workshop) remote() remote {
	return remote{url: w.host.URL(), keyFile: w.host.OperatorKeyFile()}
}

// begin makes the first build and starts the host with it, unless a signal comes
// first.
func (w *workshop) begin(ctx context.Context) error {
	building, end := w.p.interruptible(ctx)
	defer end()
	cfg, err := w.build(building)
	if err == nil {
		err = w.open(building, cfg)
	}
	if building.Err() != nil {
		return context.Cause(building)
	}
	return err
}

// open starts the host.
func (w *workshop) open(ctx context.Context, cfg *config.Snapshot) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program itself: %w", err)
	}
	log := io.Discard
	if !w.author.quiet {
		log = &pluginLines{w: w.p.stderr}
	}
	if w.host, err = host.New(ctx, cfg, host.Options{Version: version, Program: exe, Log: log}); err != nil {
		return hostError(err)
	}
	if err = w.host.Start(ctx); err != nil {
		err = hostError(err)
	} else {
		err = w.settled(ctx)
	}
	if err != nil {
		return errors.Join(err, w.host.Stop(context.WithoutCancel(ctx)))
	}
	return nil
}

// build makes the next build of the plugin, asks it what it is, and returns the
// configuration of a host that runs it.
func (w *workshop) build(ctx context.Context) (*config.Snapshot, error) {
	w.builds++
	dir := filepath.Join(w.dir, fmt.Sprintf("build-%d", w.builds))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make room for the build: %w", err)
	}
	path, err := bundle.Build(ctx, w.source, filepath.Join(dir, "jarvis-plugin-"+filepath.Base(w.source)))
	if err != nil {
		return nil, err
	}
	m, err := w.describe(ctx, path)
	if err != nil {
		return nil, err
	}
	if w.plugin != "" && w.plugin != m.ID {
		return nil, fmt.Errorf("the plugin calls itself %q now and was %q; start `jarvis plugin dev` anew", m.ID, w.plugin)
	}
	w.plugin = m.ID
	if w.next, err = sdk.Matcher(m); err != nil {
		return nil, fmt.Errorf("compile sentences: %w", err)
	}
	return w.configure(m, path)
}

// describe asks a build what it is. One that can't say takes no other's place.
func (w *workshop) describe(ctx context.Context, path string) (*sdk.Manifest, error) {
	proc, err := (&authorFlags{quiet: true}).start(ctx, w.p, path)
	if err != nil {
		return nil, err
	}
	defer proc.Kill()
	m, err := proc.Handler().Describe(ctx)
	if err != nil {
		return nil, fmt.Errorf("describe plugin: %w", err)
	}
	return m, nil
}

// configure writes the host's configuration: everything that the plugin needs is
// granted, for its author runs it.
func (w *workshop) configure(m *sdk.Manifest, path string) (*config.Snapshot, error) {
	section := map[string]any{"enabled": true, "path": path, "grants": grantsOf(m)}
	if w.author.config != "" {
		raw, err := os.ReadFile(w.author.config)
		if err != nil {
			return nil, fmt.Errorf("read --plugin-config: %w", err)
		}
		var values map[string]any
		if err := json.Unmarshal(raw, &values); err != nil {
			return nil, fmt.Errorf("read --plugin-config %s: expected a JSON object: %w", w.author.config, err)
		}
		section["config"] = values
	}
	plugins := map[string]any{"hangman": map[string]any{"enabled": false}, "weather": map[string]any{"enabled": false}}
	plugins[m.ID] = section
	file := filepath.Join(w.dir, "jarvis.yaml") // JSON is YAML too
	raw, err := json.Marshal(map[string]any{
		"plugins": plugins, "limits": map[string]any{"chat_per_minute": 0, "connects_per_minute": 0},
	})
	if err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	w.from = config.Options{File: file, Env: w.p.environ, Flags: map[string]any{
		"data_dir": filepath.Join(w.dir, "data"), "gateway.listen": "127.0.0.1:0", "log.format": "text", "log.level": "info",
	}}
	cfg, err := config.Load(w.from)
	if cfg == nil {
		return nil, &exitError{code: exitConfig, err: err}
	}
	return cfg, err
}

// grantsOf is everything that a plugin may be granted.
func grantsOf(m *sdk.Manifest) (grants []string) {
	for _, n := range m.Needs {
		grants = append(grants, strings.TrimSpace(n.Kind+" "+n.Scope))
	}
	for _, t := range m.Tools {
		if t.Effect != sdk.EffectReadOnly {
			grants = append(grants, t.Name)
		}
	}
	return grants
}

// watch builds and swaps the plugin whenever its source is another one and
// stands still.
func (w *workshop) watch(ctx context.Context, known source) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var seen source
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch now := lookAt(w.source); {
		case now.same(known):
			seen = nil
		case !now.same(seen):
			seen = now
		default:
			known, seen = now, nil
			w.swap(ctx)
		}
	}
}

// swap puts a new build in the place of the one that runs. One that does not
// build, or can't say what it is, takes nobody's place.
func (w *workshop) swap(ctx context.Context) {
	began := time.Now()
	fmt.Fprintf(w.p.stderr, "\n* saved: building %s\n", filepath.Base(w.source))
	cfg, err := w.build(ctx)
	if err == nil {
		err = w.host.Reload(cfg)
	}
	if err == nil {
		err = w.settled(ctx)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		why := strings.ReplaceAll(strings.TrimSpace(err.Error()), " | ", "\n  ") // a crash's last words
		fmt.Fprintf(w.p.stderr, "* not swapped: %s\n", printable(why))
	default:
		fmt.Fprintf(w.p.stderr, "* swapped after %.1f s; the conversation goes on\n", time.Since(began).Seconds())
	}
}

// settled returns why the plugin does not answer, or nil.
func (w *workshop) settled(ctx context.Context) error {
	r := w.remote()
	if err := r.settled(ctx, w.plugin); err != nil {
		return err
	}
	w.sentences.Store(w.next)
	return nil
}

// unanswered tells an author that no sentence of theirs matched, and which were near.
func (w *workshop) unanswered(lang, text string) string {
	m := w.sentences.Load()
	if m == nil || len(m.Match(lang, text)) > 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "* no sentence of %s matches (language %s)\n", w.plugin, lang)
	for _, n := range m.Explain(lang, text, nil).Close {
		fmt.Fprintf(&b, "  close: %s, %q", n.Intent, n.Template)
		if len(n.Missing) > 0 {
			fmt.Fprintf(&b, ", not said: %s", strings.Join(n.Missing, " "))
		}
		if len(n.Extra) > 0 {
			fmt.Fprintf(&b, ", too much: %s", strings.Join(n.Extra, " "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// lookEvery is how often the source is looked at.
const lookEvery = 200 * time.Millisecond

// source are the files of a folder as they were seen.
type source map[string]mark

type mark struct {
	size int64
	at   time.Time
}

// matters reports whether a build may depend on a file of this name: one without
// an ending is data, and what editors, builds and programs write while they run must
// not begin a build.
func matters(name string) bool {
	ending := filepath.Ext(name)
	return ending != "" && !strings.HasSuffix(ending, "~") &&
		!slices.Contains([]string{".log", ".out", ".tmp", ".swp", ".swx", ".test", ".prof", ".pyc", ".db"}, ending)
}

// lookAt sees what a build may depend on. Hidden files, and those that builds and
// interpreters make, are none of it.
func lookAt(dir string) source {
	out := source{}
	_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		name := filepath.Base(path)
		switch {
		case err != nil:
			return nil //nolint:nilerr // it is gone already: that is a change
		case path != dir && (strings.HasPrefix(name, ".") || name == "__pycache__" || name == "dist"):
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case e.IsDir() || strings.HasPrefix(name, "jarvis-plugin-") || !matters(name):
			return nil
		}
		if info, err := e.Info(); err == nil {
			out[path] = mark{info.Size(), info.ModTime()}
		}
		return nil
	})
	return out
}

func (s source) same(o source) bool {
	if len(s) != len(o) || o == nil {
		return false
	}
	for name, m := range s {
		if o[name] != m {
			return false
		}
	}
	return true
}

// screenLines knows, of what several goroutines write by turns, whether an answer stands
// in a line that has not ended.
type screenLines struct {
	mu     sync.Mutex
	inLine bool
}

// answerWriter writes answers, piece by piece.
type answerWriter struct {
	*screenLines
	w io.Writer
}

func (a *answerWriter) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(p) > 0 {
		a.inLine = p[len(p)-1] != '\n' && string(p) != prompt // whoever types ends its line
	}
	return a.w.Write(p)
}

// lineWriter writes whole lines beside them: each begins a line of its own.
type lineWriter struct {
	*screenLines
	w io.Writer
}

func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inLine {
		l.inLine = false
		if _, err := io.WriteString(l.w, "\n"); err != nil {
			return 0, err
		}
	}
	return l.w.Write(p)
}

// pluginLines passes on, of a host's log, what concerns an author: what the plugin
// wrote, and what went wrong.
type pluginLines struct{ w io.Writer }

// stateLine is what a host itself writes of a plugin: "plugin ready", and why.
var stateLine = regexp.MustCompile(`\] +plugin [a-z]+: plugin=\S+ reason=`)

func (l *pluginLines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		wrong := bytes.Contains(line, []byte("[ERROR]")) || bytes.Contains(line, []byte("[WARN]"))
		said := bytes.Contains(line, []byte("plugin=")) && !stateLine.Match(line)
		if !wrong && !said {
			continue
		}
		if _, err := l.w.Write(line); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
