package extract

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

//go:embed data
var data embed.FS

// Predicate is one kind of thing that can be known of someone.
type Predicate struct {
	Kind        string  `yaml:"kind"`
	Single      bool    `yaml:"single"` // the newest takes the place of the older
	Importance  float64 `yaml:"importance"`
	Sensitivity string  `yaml:"sensitivity"`
	EN          string  `yaml:"en"`
	FR          string  `yaml:"fr"`
}

// Predicates returns all of them, by name.
var Predicates = sync.OnceValue(func() map[string]Predicate {
	return load[map[string]Predicate]("predicates.yaml")
})

// Found is a fact that a text states.
type Found struct {
	Predicate  string
	Qualifier  string // what qualifies it, such as "colour" of a favourite
	Object     string // as it was written
	Text       string // a sentence to the person
	Start, End int    // bytes of the text that state it
	Ends       bool   // it holds no longer; Object may be empty: whatever it was
	Explicit   bool   // the person asked to remember it
	Confidence float64
}

type rule struct {
	As    string `yaml:"as"`
	Match string `yaml:"match"`
	re    *regexp.Regexp
}

type language struct {
	Skip     string `yaml:"skip"`
	Explicit string `yaml:"explicit"`
	Rules    []rule `yaml:"rules"`
	Ends     []rule `yaml:"ends"`

	skip, explicit *regexp.Regexp
}

// What the placeholders of a rule stand for.
var placeholders = strings.NewReplacer(
	"<name>", `[a-z][a-z'-]+(?: [a-z][a-z'-]+){0,2}`,
	"<place>", `[a-z0-9][a-z0-9'&-]*(?: [a-z0-9][a-z0-9'&-]*){0,4}`,
	"<thing>", `[a-z0-9][a-z0-9'&%/ -]*`,
	"<date>", `(?:the )?(?:\d{1,2}(?:st|nd|rd|th|er)?(?: of)? [a-z]+(?: \d{4})?|[a-z]+ \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?|[a-z]+ \d{4}|\d{4}|\d{1,2}/\d{1,2}(?:/\d{2,4})?)`,
)

// Load reads the rules, which the first text otherwise waits for.
func Load() { languages() }

var languages = sync.OnceValue(func() map[string]*language {
	out := map[string]*language{}
	for _, name := range []string{"en", "fr"} {
		l := load[*language]("rules." + name + ".yaml")
		l.skip, l.explicit = regexp.MustCompile(l.Skip), regexp.MustCompile(l.Explicit)
		for _, rules := range [][]rule{l.Rules, l.Ends} {
			for i := range rules {
				if _, ok := Predicates()[rules[i].As]; !ok {
					panic("no predicate " + rules[i].As) // embedded: the build would be broken
				}
				rules[i].re = regexp.MustCompile(placeholders.Replace(rules[i].Match))
			}
		}
		out[name] = l
	}
	return out
})

func load[T any](name string) (v T) {
	b, err := data.ReadFile("data/" + name)
	if err == nil {
		err = yaml.Unmarshal(b, &v)
	}
	if err != nil {
		panic(fmt.Sprintf("read %s: %v", name, err)) // embedded: the build would be broken
	}
	return v
}

// Facts returns what a text in a language, "fr" or "en", states of its speaker.
func Facts(text, lang string) []Found {
	l := languages()[lang]
	if l == nil {
		return nil
	}
	f := fold(text)
	var out []Found
	for _, s := range sentences(f) {
		out = append(out, l.sentence(f, s[0], s[1], lang)...)
	}
	return out
}

// sentences yields the bounds of the sentences of a folded text that state
// something: questions are left out.
func sentences(f *folded) [][2]int {
	var out [][2]int
	start := 0
	for i := 0; i <= len(f.text); i++ {
		if !f.sentenceEnds(i) {
			continue
		}
		from := start
		for from < i && strings.IndexByte(" ,;:-\"", f.text[from]) >= 0 {
			from++
		}
		if asks := i < len(f.text) && f.text[i] == '?'; from < i && !asks {
			out = append(out, [2]int{from, i})
		}
		start = i + 1
	}
	return out
}

// sentenceEnds says whether a sentence ends before a byte.
func (f *folded) sentenceEnds(i int) bool {
	if i == len(f.text) || strings.IndexByte("!?\n", f.text[i]) >= 0 {
		return true
	}
	return f.text[i] == '.' && (i+1 == len(f.text) || f.text[i+1] == ' ')
}

func (l *language) sentence(f *folded, from, to int, lang string) []Found {
	text := f.text[from:to]
	if m := l.explicit.FindStringSubmatchIndex(text); m != nil {
		i := 2 * l.explicit.SubexpIndex("o")
		begin, end := from+m[i], from+m[i+1]
		inner := l.rules(f, begin, end, lang)
		for j := range inner {
			inner[j].Explicit, inner[j].Confidence = true, 1
		}
		if len(inner) > 0 {
			return inner
		}
		object := f.raw[f.at[begin]:f.at[end]]
		return []Found{{Predicate: "said", Object: object, Text: object, Start: f.at[from], End: f.at[to], Explicit: true, Confidence: 1}}
	}
	if l.skip.MatchString(text) {
		return nil
	}
	return l.rules(f, from, to, lang)
}

const ruleConfidence = 0.9

func (l *language) rules(f *folded, from, to int, lang string) []Found {
	var out []Found
	taken := map[string]bool{} // predicates that a sentence has stated
	for n, rules := range [2][]rule{l.Rules, l.Ends} {
		ends := n == 1
		for i := range rules {
			r := &rules[i]
			m := r.re.FindStringSubmatchIndex(f.text[from:to])
			if m == nil {
				continue
			}
			found := Found{Predicate: r.As, Ends: ends, Confidence: ruleConfidence}
			end := from + m[1]
			if o := r.re.SubexpIndex("o"); o > 0 {
				begin, stop := object(f, r, from+m[2*o], from+m[2*o+1])
				if begin == stop {
					continue
				}
				found.Object, end = f.raw[f.at[begin]:f.at[stop]], stop
			}
			if q := r.re.SubexpIndex("q"); q > 0 {
				found.Qualifier = f.raw[f.at[from+m[2*q]]:f.at[from+m[2*q+1]]]
			}
			found.Start, found.End = f.at[from+m[0]], f.at[end]
			found.Text = say(&found, lang)
			if key := fmt.Sprint(r.As, found.Qualifier, ends); !taken[key] {
				taken[key] = true
				out = append(out, found)
			}
		}
	}
	return endsFirst(out)
}

// endsFirst drops what a sentence states where it says that it holds no longer.
func endsFirst(found []Found) []Found {
	ended := map[string]bool{}
	for _, f := range found {
		ended[f.Predicate] = ended[f.Predicate] || f.Ends
	}
	var out []Found
	for _, f := range found {
		opposite := f.Predicate == "dislikes" && ended["likes"]
		if !f.Ends && (ended[f.Predicate] || opposite) {
			continue
		}
		out = append(out, f)
	}
	return out
}

// Words that a clause ends before.
var clauseEnd = regexp.MustCompile(`(?:[,;:()"]| (?:and i|and my|and we|and it|but|because|since|so|which|who|although|though|when|while|if|unless|too|as well|anymore|any more|now|et je|et j'|et mon|et ma|mais|parce|car|donc|quand|qui|que|si|aussi|alors|depuis|maintenant)\b)`)

// Words that no thing begins with.
var noThing = regexp.MustCompile(`^(?:it|that|this|these|those|you|him|her|them|us|me|how|when|what|where|why|who|to|your|being|having|ca|cela|ce|cet|cette|ces|te|toi|lui|eux|quand|comment|comme|que|qu'|ton|ta|tes|votre|vous|etre|avoir|mieux|trop|pas)\b`)

// Small words that may stand inside a name, but begin or end none.
var nameJoin = map[string]bool{"de": true, "la": true, "le": true, "du": true, "des": true, "sur": true, "sous": true, "of": true, "the": true, "van": true, "von": true, "al": true, "en": true, "les": true}

const maxThing = 9 // words

// object narrows what a rule matched to the object itself; it is empty where
// that is none.
func object(f *folded, r *rule, begin, end int) (int, int) {
	isName := strings.Contains(r.Match, "(?P<o><name>)") || strings.Contains(r.Match, "(?P<o><place>)")
	isThing := strings.Contains(r.Match, "<thing>")
	if !isName && !isThing {
		return begin, end
	}
	if m := clauseEnd.FindStringIndex(f.text[begin:end]); m != nil {
		end = begin + m[0]
	}
	if isName {
		return begin, nameEnd(f, begin, end)
	}
	for end > begin && strings.IndexByte(" '-", f.text[end-1]) >= 0 {
		end--
	}
	text := f.text[begin:end]
	if isThing && (noThing.MatchString(text) || len(strings.Fields(text)) > maxThing) {
		return begin, begin
	}
	return begin, end
}

// nameEnd returns where the capitalised words from begin on end.
func nameEnd(f *folded, begin, end int) int {
	stop := begin
	for i := begin; i < end; {
		j := i
		for j < end && f.text[j] != ' ' {
			j++
		}
		switch {
		case j > i && f.capital(i):
			stop = j
		case stop > begin && nameJoin[f.text[i:j]]:
		default:
			return trimName(f, begin, stop)
		}
		i = j + 1
	}
	return trimName(f, begin, stop)
}

func trimName(f *folded, begin, stop int) int {
	for stop > begin && strings.IndexByte(" '-&", f.text[stop-1]) >= 0 {
		stop--
	}
	return stop
}

func say(f *Found, lang string) string {
	ton := "ton"
	if slices.Contains(feminine, analysis.Fold(f.Qualifier)) {
		ton = "ta"
	}
	return strings.NewReplacer("{q}", f.Qualifier, "{ton}", ton).Replace(Say(f.Predicate, f.Object, lang))
}

// feminine are the qualifiers of French rules that go with "ta".
var feminine = strings.Split("femme conjointe compagne copine fille soeur mere maman tante cousine grand-mere patronne chienne chatte tortue", " ")

// Say returns a sentence to the person that tells a fact.
func Say(predicate, object, lang string) string {
	p := Predicates()[predicate]
	t := p.EN
	if lang == "fr" {
		t = p.FR
	}
	return strings.ReplaceAll(t, "{o}", object)
}
