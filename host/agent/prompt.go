package agent

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/turn"
)

//go:embed prompts/*.txt
var promptFiles embed.FS

// maxPrompt is the most that a prompt file may weigh, in bytes.
const maxPrompt = 32 << 10

// Home is what models are told of the home.
type Home struct {
	Assistant string
	Place     string
	People    []string
}

// promptData is what a system prompt may name.
type promptData struct {
	Home
	moment
}

// moment is what changes from turn to turn.
type moment struct{ Date, Time, Zone, User string }

// Prompts are the system prompts by language: those of the operator's folder,
// which may change at any time, before those that are built in. Safe for
// concurrent use.
type Prompts struct {
	mu     sync.Mutex
	dir    string
	home   Home
	byLang map[string]*prompt
}

// prompt is one language's prompt as it was read last.
type prompt struct {
	tpl   *template.Template
	stamp stamp
	// written are the texts of the present minute: to write one costs more than
	// the rest of a short turn's request.
	written map[moment]string
	minute  moment
}

// stamp tells whether a file changed; it is zero for what is built in.
type stamp struct {
	size int64
	at   time.Time
}

// LoadPrompts reads the prompts; dir may be empty.
func LoadPrompts(dir string, home Home) (*Prompts, error) {
	p := &Prompts{dir: dir, home: home, byLang: map[string]*prompt{}}
	if dir != "" {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, fmt.Errorf("read prompts: %w", err)
		}
	}
	for _, lang := range []string{"en", "fr"} {
		if _, err := p.latest(lang); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Change takes over another folder and another home. Nothing changes when it
// fails.
func (p *Prompts) Change(dir string, home Home) error {
	now, err := LoadPrompts(dir, home)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dir, p.home, p.byLang = now.dir, now.home, now.byLang
	return nil
}

// write returns a language's prompt, and why the operator's is not taken over
// if it can't be: then it is the one that was good before.
func (p *Prompts) write(lang string, m moment) (text string, refused, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, refused := p.latest(lang)
	text, err = last.write(p.home, m)
	return text, refused, err
}

func (p *prompt) write(home Home, m moment) (string, error) {
	if minute := (moment{Date: m.Date, Time: m.Time}); p.minute != minute {
		p.minute, p.written = minute, map[moment]string{}
	}
	if text, ok := p.written[m]; ok {
		return text, nil
	}
	var b strings.Builder
	if err := p.tpl.Execute(&b, promptData{home, m}); err != nil {
		return "", fmt.Errorf("write prompt: %w", err)
	}
	p.written[m] = b.String()
	return b.String(), nil
}

func (p *Prompts) latest(lang string) (*prompt, error) {
	if lang != "fr" {
		lang = "en"
	}
	last := p.byLang[lang]
	now, err := p.look(lang)
	if err == nil && (last == nil || last.stamp != now) {
		var tpl *template.Template
		if tpl, err = p.read(lang, now); err == nil {
			last = &prompt{tpl: tpl}
		}
		if last != nil {
			last.stamp = now // a bad file is complained of once
			p.byLang[lang] = last
		}
	}
	if last == nil {
		return nil, err
	}
	return last, err
}

func (p *Prompts) file(lang string) string { return filepath.Join(p.dir, lang+".txt") }

func (p *Prompts) look(lang string) (stamp, error) {
	if p.dir == "" {
		return stamp{}, nil
	}
	info, err := os.Stat(p.file(lang))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stamp{}, nil
	case err != nil:
		return stamp{}, fmt.Errorf("read prompt: %w", err)
	}
	return stamp{info.Size(), info.ModTime()}, nil
}

// read parses a prompt and tries it, so that a misspelt name is found at once.
func (p *Prompts) read(lang string, at stamp) (*template.Template, error) {
	name := "prompts/" + lang + ".txt"
	var raw []byte
	var err error
	if at == (stamp{}) {
		raw, err = promptFiles.ReadFile(name)
	} else {
		name = p.file(lang)
		raw, err = os.ReadFile(name)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("read prompt: %w", err)
	case len(raw) > maxPrompt:
		return nil, fmt.Errorf("prompt %s weighs %d bytes, expected at most %d", name, len(raw), maxPrompt)
	}
	tpl, err := template.New(filepath.Base(name)).Parse(string(raw))
	if err != nil {
		return nil, fmt.Errorf("parse prompt %s: %w", name, err)
	}
	if err := tpl.Execute(io.Discard, promptData{}); err != nil {
		return nil, fmt.Errorf("prompt %s names what there is not; there are .Assistant, .Place, .People, .User, .Date, .Time and .Zone: %w", name, err)
	}
	return tpl, nil
}

// system is the first message of every conversation with a model.
func (a *Agent) system(ctx context.Context, t *turn.Turn) (llm.Message, error) {
	now := a.Now().In(t.Zone)
	text, refused, err := a.Prompts.write(t.Lang, moment{
		Date: a.FormatDate(t.Lang, now), Time: a.FormatTime(t.Lang, now), Zone: t.Zone.String(), User: neutral(t.Name),
	})
	if refused != nil && a.Log != nil {
		a.Log(ctx, "prompt not taken over", t, refused.Error())
	}
	if err != nil {
		return llm.Message{}, err
	}
	return llm.Message{Role: llm.System, Content: text}, nil
}

func roleOf(m turn.Message) llm.Role {
	if m.Role == turn.FromAssistant {
		return llm.Assistant
	}
	return llm.User
}
