package texts

import (
	"slices"
	"strings"
	"sync"
)

// phrases are the folded sayings of phrases.yaml, each list longest first.
type phrases struct {
	polite, stop, again, yes, no []string
}

var known = sync.OnceValue(func() phrases {
	raw := load[map[string][]string]("phrases")
	return phrases{
		polite: folded(raw["polite"]), stop: folded(raw["stop"]), again: folded(raw["again"]),
		yes: folded(raw["yes"]), no: folded(raw["no"]),
	}
})

func folded(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = Fold(s)
	}
	slices.SortStableFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

// IsStop reports whether a text says stop and nothing else, in any language:
// "stop", "Arrête !", "tais-toi s'il te plaît". "Annule ça" is no stop: it
// asks to undo.
func IsStop(text string) bool { return new(reader).isStop(text) }

// IsAgain reports whether a text asks to try once more and nothing else, in any
// language: "réessaie", "try again please".
func IsAgain(text string) bool { return new(reader).isAgain(text) }

// YesNo reads a text as the answer to a question that wants yes or no, in any
// language. ok is false when it is neither, or both: then nothing was agreed.
func YesNo(text string) (yes, ok bool) { return new(reader).yesNo(text) }

// reader looks for sayings in a text.
type reader struct {
	tries int // sayings compared with a text's beginning or end, the measure of its work
}

func (r *reader) isStop(text string) bool {
	k := known()
	return r.consists(r.bare(Fold(text), k.polite), k.stop)
}

func (r *reader) isAgain(text string) bool {
	k := known()
	return r.consists(r.bare(Fold(text), k.polite), k.again)
}

func (r *reader) yesNo(text string) (yes, ok bool) {
	k := known()
	said := r.bare(Fold(text), k.polite)
	switch positive, negative := r.consists(said, k.yes), r.consists(said, k.no); {
	case negative:
		return false, true
	case positive:
		return true, true
	default:
		return false, false
	}
}

// bare takes politeness off both ends of a text.
func (r *reader) bare(text string, polite []string) string {
	for {
		before := text
		for _, p := range polite {
			r.tries++
			if rest, ok := strings.CutPrefix(text, p+" "); ok {
				text = rest
			}
			if rest, ok := strings.CutSuffix(text, " "+p); ok {
				text = rest
			}
		}
		if text == before {
			return text
		}
	}
}

// consists reports whether a text is one of the sayings, or several of them one
// after the other. At each step the longest counts, so that "bien sûr que non"
// is not "bien sûr" with something behind it.
func (r *reader) consists(text string, sayings []string) bool {
	if text == "" {
		return false
	}
	for text != "" {
		rest, ok := r.cutSaying(text, sayings)
		if !ok {
			return false
		}
		text = rest
	}
	return true
}

func (r *reader) cutSaying(text string, sayings []string) (rest string, ok bool) {
	for _, s := range sayings {
		r.tries++
		if text == s {
			return "", true
		}
		if rest, ok := strings.CutPrefix(text, s+" "); ok {
			return rest, true
		}
	}
	return text, false
}
