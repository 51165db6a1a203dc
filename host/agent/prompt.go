package agent

import (
	"embed"
	"fmt"
	"slices"
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

// charsPerToken is a cautious estimate for French and English text: real
// tokenizers need fewer tokens than this reckons.
const charsPerToken = 3

// conversation is the prompt's system message, as much of the history as the
// budget of tokens holds, newest first to stay, and the utterance.
func (a *Agent) conversation(t *turn.Turn) ([]llm.Message, error) {
	system, err := a.system(t)
	if err != nil {
		return nil, err
	}
	last := llm.Message{Role: llm.User, Content: neutral(t.Text)}
	left := a.Budget*charsPerToken - len(system.Content) - len(last.Content)
	history := make([]llm.Message, 0, len(t.History))
	for _, m := range slices.Backward(t.History) {
		text := neutral(m.Text)
		if left -= len(text); left < 0 {
			break
		}
		if text != "" {
			history = append(history, llm.Message{Role: roleOf(m), Content: text})
		}
	}
	slices.Reverse(history)
	return slices.Concat([]llm.Message{system}, history, []llm.Message{last}), nil
}

func roleOf(m turn.Message) llm.Role {
	if m.Role == turn.FromAssistant {
		return llm.Assistant
	}
	return llm.User
}

// neutral takes the special tokens of chat templates out of foreign text, so
// that it can't pretend to be another role.
func neutral(text string) string {
	return neutralizer.Replace(text)
}

var neutralizer = strings.NewReplacer(
	"<|", "< |", "|>", "| >", "[INST]", "[ INST ]", "[/INST]", "[ /INST ]",
	"<<SYS>>", "< <SYS> >", "<</SYS>>", "< </SYS> >", "</data>", "< /data>", "<data>", "< data>",
	"<tool_call>", "< tool_call>", "</tool_call>", "< /tool_call>",
)
