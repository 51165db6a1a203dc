package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// intentFlags say which sentences are meant.
type intentFlags struct {
	configFlags
	lang, sentences, lists string
}

func (f *intentFlags) register(p *program, fs *flag.FlagSet) {
	f.configFlags.register(fs)
	fs.StringVar(&f.lang, "lang", languageOf(p.getenv("LANG", "en")), "the `language` of the utterances, such as fr")
	fs.StringVar(&f.sentences, "sentences", "", "a `DIR`, or one file, of sentences in hassil's YAML format, in place of the plugins' own")
	fs.StringVar(&f.lists, "lists", "", "a `FILE` with more lists in the same format: names, rooms")
}

// languageOf reads a locale such as fr_FR.UTF-8.
func languageOf(locale string) string {
	lang, _, _ := strings.Cut(strings.ToLower(locale), "_")
	if lang == "fr" {
		return "fr"
	}
	return "en"
}

// understanding is a matcher and how its matches are told.
type understanding struct {
	lang    string
	matcher *intent.Matcher
	own     bool // of the plugins, not of files
}

func (f *intentFlags) load(ctx context.Context, p *program) (*understanding, error) {
	if f.sentences != "" {
		return f.loadFiles(p)
	}
	cfg, err := f.configFlags.load(p)
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program itself: %w", err)
	}
	manifests, err := host.Manifests(ctx, cfg.Config(), host.Options{Version: version, Program: exe})
	if err != nil {
		fmt.Fprintf(p.stderr, "jarvis: left out: %v\n", err)
	}
	c, err := host.Sentences(manifests)
	if err != nil {
		return nil, err
	}
	m := c.Matcher()
	if f.lists != "" {
		more, err := readTree(f.lists, f.lang)
		if err != nil {
			return nil, err
		}
		for _, file := range more.Files {
			m = m.WithLists(f.lang, file.Lists)
		}
	}
	return &understanding{lang: f.lang, matcher: m, own: true}, nil
}

func (f *intentFlags) loadFiles(p *program) (*understanding, error) {
	c, err := readTree(f.sentences, f.lang)
	if err != nil {
		return nil, err
	}
	if f.lists != "" {
		more, err := readTree(f.lists, f.lang)
		if err != nil {
			return nil, err
		}
		c.Files = append(c.Files, more.Files...)
	}
	if len(c.Files) == 0 {
		return nil, fmt.Errorf("%s: there are no sentences of language %s; --lang chooses another", f.sentences, f.lang)
	}
	b := intent.NewBuilder()
	undeclared, err := c.AddTo(b, "")
	if err != nil {
		return nil, err
	}
	if len(undeclared) > 0 {
		fmt.Fprintf(p.stderr, "jarvis: these lists are declared nowhere and stay empty: %s; --lists takes a file with them\n", strings.Join(undeclared, ", "))
	}
	m, wrong := b.BuildGood()
	for _, err := range wrong {
		fmt.Fprintf(p.stderr, "jarvis: left out: %v\n", err)
	}
	return &understanding{lang: f.lang, matcher: m}, nil
}

// readTree reads a folder or a single file.
func readTree(name, lang string) (*intent.Collection, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read sentences: %w", err)
	}
	if info.IsDir() {
		return intent.ReadCollection(os.DirFS(name), lang)
	}
	return intent.ReadCollection(oneFile{os.DirFS(filepath.Dir(name)), filepath.Base(name)}, lang)
}

// oneFile is a file system that shows one file of another.
type oneFile struct {
	fs.FS
	name string
}

// ReadDir implements [fs.ReadDirFS].
func (f oneFile) ReadDir(string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(f.FS, f.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}

// best returns what an utterance means, the best first.
func (u *understanding) best(text string, known map[string]any) []intent.Match {
	if !u.own {
		return intent.Best(u.matcher.MatchContext(u.lang, text, known), "name")
	}
	return u.matcher.MatchContext(u.lang, text, u.context(text, known))
}

// context is what is known of an utterance with what it tells of itself, which
// the sentences of plugins may ask for.
func (u *understanding) context(text string, known map[string]any) map[string]any {
	if !u.own {
		return known
	}
	context := map[string]any{}
	maps.Copy(context, known)
	maps.Copy(context, intent.Heard(text))
	return context
}

// understood is one utterance and what it means, as it is printed.
type understood struct {
	Text    string         `json:"text"`
	Intent  *string        `json:"intent"`
	Slots   map[string]any `json:"slots"`
	Context map[string]any `json:"context"`
	Plugin  string         `json:"plugin,omitempty"`
}

func (u *understanding) understand(text string, known map[string]any) understood {
	out := understood{Text: text, Slots: map[string]any{}, Context: known}
	if out.Context == nil {
		out.Context = map[string]any{}
	}
	found := u.best(text, known)
	if len(found) == 0 {
		return out
	}
	m := found[0]
	name := m.Intent
	if u.own {
		name = m.Source + "." + m.Intent
		out.Plugin = m.Source
	}
	out.Intent, out.Slots, out.Context = &name, m.Slots, m.Context
	return out
}

func intentMatchCommand() command {
	c := command{
		name: "intent match", args: "[UTTERANCE ...] [--lang L] [--sentences DIR] [--lists FILE] [--jsonl]",
		summary: "say what utterances mean, the given ones or one a line of the standard input, as JSON",
		example: "  jarvis intent match 'météo à Lyon demain' --lang fr\n" +
			"  echo 'météo à Lyon demain' | jarvis intent match --lang fr\n" +
			"  jarvis intent match --lang de --sentences sentences/de --lists home.yaml < utterances.txt\n" +
			"  echo '{\"text\":\"turn on the light\",\"context\":{\"area\":\"kitchen\"}}' | jarvis intent match --jsonl --sentences s.yaml",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f intentFlags
		f.register(p, fs)
		jsonl := fs.Bool("jsonl", false, `lines are {"text", "context"?}; the context is what is known, such as the room`)
		given, err := parse(fs, args, 0, maxUtterances)
		if err != nil {
			return err
		}
		if len(given) > 0 {
			p.stdin = strings.NewReader(strings.Join(given, "\n"))
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		u, err := f.load(ctx, p)
		if err != nil {
			return err
		}
		return p.eachLine(ctx, func(line string) (any, error) { return u.line(line, *jsonl) })
	}
	return c
}

// line understands one line of input.
func (u *understanding) line(line string, jsonl bool) (any, error) {
	if !jsonl {
		return u.understand(line, nil), nil
	}
	var in struct {
		Text    *string        `json:"text"`
		Context map[string]any `json:"context"`
	}
	if err := json.Unmarshal([]byte(line), &in); err != nil {
		return nil, err
	}
	if in.Text == nil {
		return nil, errors.New(`expected an object with "text"`)
	}
	return u.understand(*in.Text, in.Context), nil
}

// maxUtterances bounds the utterances on the command line.
const maxUtterances = 1000

// maxInputLine bounds a line of input, in bytes.
const maxInputLine = 1 << 20

// eachLine answers every line of the standard input with a line of JSON. What
// is wrong with a line names it and ends the program; the answers before it
// are printed.
func (p *program) eachLine(ctx context.Context, answer func(line string) (any, error)) error {
	out := bufio.NewWriter(p.stdout)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	lines := bufio.NewScanner(p.stdin)
	lines.Buffer(make([]byte, 64<<10), maxInputLine)
	for n := 1; lines.Scan(); n++ {
		if err := context.Cause(ctx); err != nil {
			return errors.Join(err, out.Flush())
		}
		v, err := answer(strings.TrimSuffix(lines.Text(), "\r"))
		if err == nil {
			err = enc.Encode(v)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("line %d: %w", n, err), out.Flush())
		}
		if p.typed() {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		return errors.Join(fmt.Errorf("read the standard input: %w", err), out.Flush())
	}
	return out.Flush()
}
