package sdk

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

// SentencesFS adds the sentences of every file that the pattern matches, in
// hassil's YAML format, one language a file: intents are named for the tools
// that they call, so declare the tools first. Lists and rules of the files
// become vocabulary. Names of responses and metadata are not used: what the
// plugin says is up to its tools.
func (p *Plugin) SentencesFS(files fs.FS, pattern string) *Plugin {
	err := eachFile(files, pattern, func(file string, data []byte) error {
		f, err := intent.ParseYAML(file, data)
		if err != nil {
			return err
		}
		return p.addSentences(f)
	})
	if err != nil {
		p.fail("sentences: %w", err)
	}
	return p
}

func (p *Plugin) addSentences(f *intent.File) error {
	if len(f.SkipWords) > 0 {
		return fmt.Errorf("skip words concern the sentences of all plugins, expected none in a plugin's file")
	}
	if len(f.Rules)+len(f.Lists) > 0 {
		p.Vocabulary(f.Lang, f.Rules, f.Lists)
	}
	for _, g := range f.Groups {
		if slices.Contains(p.refused, g.Intent) {
			continue // what is wrong with the tool is said already
		}
		i := slices.IndexFunc(p.tools, func(t *tool) bool { return t.spec.Name == g.Intent })
		if i < 0 {
			return fmt.Errorf("intent %s: expected the name of a tool that is declared already", g.Intent)
		}
		p.tools[i].spec.Sentences = append(p.tools[i].spec.Sentences, Sentences{
			Lang: f.Lang, Patterns: g.Templates, Slots: g.Slots, Rules: g.Rules, Lists: g.Lists,
			Requires: g.Requires, Excludes: g.Excludes,
		})
	}
	return nil
}
