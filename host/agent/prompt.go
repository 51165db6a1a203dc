package agent

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/turn"
)

//go:embed prompts/*.txt
var promptFiles embed.FS

// promptData is what a system prompt may name.
type promptData struct{ Date, Time, Zone, User string }

// Prompts are the system prompts by language.
type Prompts struct{ byLang map[string]*template.Template }

// LoadPrompts reads the prompts that come with the program.
func LoadPrompts() (*Prompts, error) {
	p := &Prompts{byLang: map[string]*template.Template{}}
	for _, lang := range []string{"en", "fr"} {
		raw, err := promptFiles.ReadFile("prompts/" + lang + ".txt")
		if err != nil {
			return nil, fmt.Errorf("read prompt %s: %w", lang, err)
		}
		if p.byLang[lang], err = template.New(lang).Option("missingkey=error").Parse(string(raw)); err != nil {
			return nil, fmt.Errorf("parse prompt %s: %w", lang, err)
		}
	}
	return p, nil
}

// system is the first message of every conversation with a model.
func (a *Agent) system(t *turn.Turn) (llm.Message, error) {
	tpl := a.Prompts.byLang[t.Lang]
	if tpl == nil {
		tpl = a.Prompts.byLang["en"]
	}
	now := a.Now().In(t.Zone)
	var b strings.Builder
	err := tpl.Execute(&b, promptData{
		Date: a.FormatDate(t.Lang, now), Time: a.FormatTime(t.Lang, now),
		Zone: t.Zone.String(), User: neutral(t.User),
	})
	if err != nil {
		return llm.Message{}, fmt.Errorf("write prompt: %w", err)
	}
	return llm.Message{Role: llm.System, Content: b.String()}, nil
}

func roleOf(m turn.Message) llm.Role {
	if m.Role == turn.FromAssistant {
		return llm.Assistant
	}
	return llm.User
}
