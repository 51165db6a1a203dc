package talk

import (
	"embed"
	"fmt"
	"sync"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

//go:embed sentences/*.yaml
var sentenceFiles embed.FS

// source is the name that the sentences stand under in the matcher.
const source = "memory"

var sentences = sync.OnceValue(func() *intent.Matcher {
	b := intent.NewBuilder()
	for _, lang := range []string{"fr", "en"} {
		name := "sentences/" + lang + ".yaml"
		raw, err := sentenceFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded: the build would be broken
		}
		f, err := intent.ParseYAML(name, raw)
		if err != nil {
			panic(fmt.Sprintf("read %s: %v", name, err))
		}
		for _, s := range f.Sentences(source) {
			if err := b.Add(s); err != nil {
				panic(fmt.Sprintf("read %s: %v", name, err))
			}
		}
	}
	m, err := b.Build()
	if err != nil {
		panic(fmt.Sprintf("build sentences: %v", err))
	}
	return m
})

// understood finds what an utterance wants of memory, in its own language
// first.
func understood(lang, text string) (intent.Match, string, bool) {
	for _, l := range []string{lang, other(lang)} {
		if found := sentences().Match(l, text); len(found) > 0 {
			return found[0], l, true
		}
	}
	return intent.Match{}, lang, false
}

func other(lang string) string {
	if lang == "fr" {
		return "en"
	}
	return "fr"
}
