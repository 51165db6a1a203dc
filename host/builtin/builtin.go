package builtin

import (
	"context"
	"embed"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

//go:embed sentences/*.yaml
var sentenceFiles embed.FS

// Words says a text of the host in an end user's language.
type Words func(lang, key string, args ...any) string

// Options are what the built-in tools need of their host.
type Options struct {
	ID         string // the plugin id they stand under
	Version    string
	Now        func() time.Time
	Words      Words
	FormatTime func(lang string, t time.Time) string
	FormatDate func(lang string, t time.Time) string
	// Manifests returns what is on offer now, for help.
	Manifests func() []*sdk.Manifest
	// Undo takes back what a session did last, and returns what was said to it
	// and what it was; nothing to take back is an empty tool. agree asks the person
	// first; its error ends the call, and has to be returned as it is.
	Undo func(ctx context.Context, who sdk.CallInfo, agree func(question string) (bool, error)) (plugin, tool, text string, err error)
	// Deeds lists what was done for an end user since a time, the newest first;
	// complete says that there was nothing else.
	Deeds func(ctx context.Context, who sdk.CallInfo, since time.Time) (deeds []Deed, complete bool, err error)
	// Remembers is true where the host has a memory to talk with.
	Remembers bool
}

// helpTool is the name of the tool that lists the others.
const helpTool = "help"

type tools struct {
	o      Options
	plugin *sdk.Plugin
	zones  map[string]*time.Location // by the folded names of their places
}

type noArgs struct{}

// New returns the built-in tools as a plugin that needs no process.
func New(o Options) *sdk.Plugin {
	b := &tools{o: o, zones: loadZones()}
	p := sdk.New(o.ID, o.Version, "What the host knows by itself: time, date, help, what was done").Languages("fr", "en")
	b.plugin = p
	b.clock(p)
	sdk.Tool(p, helpTool, "What the assistant can do", b.help, sdk.ReadOnly(),
		sdk.Examples("fr", sdk.Example{Text: "que sais-tu faire ?"}), sdk.Examples("en", sdk.Example{Text: "what can you do?"}))
	sdk.Tool(p, "undo", "Take back what was done last", b.undo, sdk.Additive())
	b.recapTool(p)
	p.SentencesFS(sentenceFiles, "sentences/*.yaml")
	return p
}

// undo takes back what was done last in the session.
func (b *tools) undo(ctx context.Context, c *sdk.Call, _ noArgs) (string, error) {
	if b.o.Undo == nil {
		return b.o.Words(c.Locale(), "builtin.undo_nothing"), nil
	}
	var ending error
	plugin, tool, text, err := b.o.Undo(ctx, c.Info(), func(question string) (yes bool, err error) {
		yes, ending = c.Confirm(question)
		return yes, ending
	})
	switch {
	case ending != nil:
		return "", ending
	case err == nil && tool == "":
		return b.o.Words(c.Locale(), "builtin.undo_nothing"), nil
	case err == nil && text != "":
		return text, nil
	case err == nil:
		return b.o.Words(c.Locale(), "builtin.undo_done", plugin, tool), nil
	}
	e, ok := errors.AsType[*sdk.Error](err)
	if ok && e.Message != "" {
		return "", e
	}
	return "", &sdk.Error{Code: sdk.ErrorCode(err), Message: b.o.Words(c.Locale(), "builtin.undo_failed", plugin, tool), Err: err}
}

// help lists what can be said, by the examples of the tools on offer.
func (b *tools) help(ctx context.Context, c *sdk.Call, _ noArgs) (string, error) {
	own, err := b.plugin.Describe(ctx)
	if err != nil {
		return "", err
	}
	lines := []string{b.o.Words(c.Locale(), "builtin.help")}
	for _, m := range append(b.o.Manifests(), own) {
		if said := b.examples(m, c.Locale()); len(said) > 0 {
			lines = append(lines, "- "+strings.Join(said, " · "))
		}
	}
	if b.o.Remembers {
		lines = append(lines, "- "+b.o.Words(c.Locale(), "builtin.memory"))
	}
	return strings.Join(lines, "\n"), nil
}

// maxExamples is how many examples help shows of a plugin.
const maxExamples = 3

// examples quotes the first example of each of a plugin's tools.
func (b *tools) examples(m *sdk.Manifest, lang string) []string {
	var out []string
	for _, t := range m.Tools {
		i := slices.IndexFunc(t.Sentences, func(s sdk.Sentences) bool { return s.Lang == lang && len(s.Examples) > 0 })
		if i < 0 || m.ID == b.o.ID && t.Name == helpTool {
			continue
		}
		out = append(out, b.o.Words(lang, "builtin.example", t.Sentences[i].Examples[0].Text))
	}
	return out[:min(len(out), maxExamples)]
}
