package telemetry

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Redacted stands where a secret was. It tells nothing of the secret, not even
// its length.
const Redacted = "[redacted]"

// minSecret is the shortest secret that is looked for by its value: a shorter
// one would be found in innocent text.
const minSecret = 6

// Scrubber takes secrets out of text: those it was told of, in every form that
// they are likely to be written in; what stands behind a name that promises a
// secret; what looks like a credential by itself. Safe for concurrent use.
type Scrubber struct {
	mu    sync.Mutex
	forms map[string]bool
	known atomic.Pointer[registry] // nil: forms has some that it lacks
}

// registry finds the secrets that were registered.
type registry struct {
	sieve    sieve
	replacer *strings.Replacer
}

// NewScrubber returns a scrubber that knows no secret yet.
func NewScrubber() *Scrubber { return &Scrubber{forms: map[string]bool{}} }

// Register tells the scrubber of a secret. It reports false for one that is too
// short to be looked for; the empty one is not needed and reports true.
func (s *Scrubber) Register(secret string) bool {
	if len(secret) < minSecret {
		return secret == ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range formsOf(secret) {
		if len(f) >= minSecret {
			s.forms[f] = true
		}
	}
	s.known.Store(nil)
	return true
}

// registry returns what finds all registered secrets; it is made when it is
// first needed after a registration.
func (s *Scrubber) registry() *registry {
	if r := s.known.Load(); r != nil {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Collect(maps.Keys(s.forms))
	// The longest first: a form that holds another one must go as a whole.
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	r := &registry{}
	pairs := make([]string, 0, 2*len(all))
	for _, f := range all {
		r.sieve.add(f)
		pairs = append(pairs, f, Redacted)
	}
	r.replacer = strings.NewReplacer(pairs...)
	s.known.Store(r)
	return r
}

// Scrub returns text without the secrets that are recognised in it. What was
// JSON stays JSON.
func (s *Scrubber) Scrub(text string) string {
	out := s.plain(text)
	if out == text || json.Valid([]byte(out)) || !json.Valid([]byte(text)) {
		return out
	}
	// A secret ran across the borders of a value: look at each value alone.
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return out
	}
	raw, err := json.Marshal(s.inside(v, ""))
	if err != nil {
		return out
	}
	return string(raw)
}

// ScrubKnown takes only registered secrets out of text. It is for what is said to
// people, who may speak of passwords.
func (s *Scrubber) ScrubKnown(text string) string {
	if r := s.registry(); r.sieve.mayHold(text) {
		return r.replacer.Replace(text)
	}
	return text
}

// inside scrubs the texts of a JSON value that stands under a name.
func (s *Scrubber) inside(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for n := range v {
			out[s.plain(n)] = s.inside(v[n], n)
		}
		return out
	case []any:
		for i := range v {
			v[i] = s.inside(v[i], name)
		}
		return v
	case string:
		if promises(name) && v != "" && !empty(v) {
			return Redacted
		}
		return s.plain(v)
	case json.Number:
		if promises(name) {
			return Redacted
		}
		return v
	default:
		return v
	}
}

// Groups of keywords; those of the patterns follow.
const (
	groupNames uint64 = 1 << iota
	groupParts
	groupPhrases
	groupPatterns
)

// hints finds which rules are worth trying on a text.
var hints = sync.OnceValue(func() *finder {
	f := &finder{}
	f.add(groupNames, keyWords)
	f.add(groupParts, secretParts)
	f.add(groupParts, []string{"de_passe", "de passe", "de-passe", "api_key", "private_key", "cle_api", "cle-api", "clé_api", "clef_api", "clef-api", "mdp_", "webhook_id"})
	f.add(groupPhrases, phrases)
	for i, p := range patterns {
		f.add(groupPatterns<<i, p.keywords)
	}
	return f
})

// plain scrubs a text of no particular kind.
func (s *Scrubber) plain(text string) string {
	return packed(encoded(s.bare(dotted(s.ScrubKnown(text))), s.decoded), s.plain)
}

// bare scrubs what is not encoded.
func (s *Scrubber) bare(text string) string {
	groups := hints().find(small(text))
	if groups == 0 {
		return text
	}
	if groups&(groupNames|groupParts|groupPhrases) != 0 {
		text = scrubNamed(text, groups)
	}
	for i, p := range patterns {
		if groups&(groupPatterns<<i) != 0 {
			text = p.replace(text)
		}
	}
	return text
}

// decoded scrubs a part of a URL as what it stands for. It is left as it is
// unless there is something to hide.
func (s *Scrubber) decoded(run string) string {
	text, err := url.QueryUnescape(run)
	if err != nil || text == run {
		return run
	}
	clean := s.plain(text)
	if clean == text {
		return run
	}
	return strings.ReplaceAll(url.QueryEscape(clean), url.QueryEscape(Redacted), Redacted)
}

// Lines scrubs a text that comes line by line, such as another program's output:
// a key that runs over many lines goes as a whole. Safe for concurrent use.
type Lines struct {
	s     *Scrubber
	mu    sync.Mutex
	inKey int // lines that a key may still have
}

// longestKey is the most lines of a key; what never ends is no key.
const longestKey = 200

// NewLines returns a scrubber of lines that knows what s knows.
func NewLines(s *Scrubber) *Lines { return &Lines{s: s} }

// Scrub returns the next line without its secrets.
func (l *Lines) Scrub(line string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inKey > 0 {
		l.inKey--
		if _, after, ends := strings.Cut(line, "-----END "); ends {
			l.inKey = 0
			_, after, _ = strings.Cut(after, "-----")
			return Redacted + l.s.Scrub(after)
		}
		return Redacted
	}
	if _, after, ok := strings.Cut(line, "-----BEGIN "); ok && strings.Contains(after, "PRIVATE KEY") && !strings.Contains(after, "-----END ") {
		l.inKey = longestKey
	}
	return l.s.Scrub(line)
}
