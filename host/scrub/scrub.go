package scrub

import (
	"encoding/json"
	"maps"
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
// they are likely to be written in; what a name that promises a secret belongs to;
// what looks like a credential by itself. Safe for concurrent use.
type Scrubber struct {
	mu    sync.Mutex
	forms map[string]bool
	known atomic.Pointer[registry] // nil: forms has some that it lacks
}

// registry finds the secrets that were registered.
type registry struct {
	sieve    sieve
	replacer *strings.Replacer
	running  func() *running
}

// begin is for [Running].
func (r *registry) begin(text string) (clean, rest string) { return r.running().begin(text) }

// New returns a scrubber that knows no secret yet.
func New() *Scrubber { return &Scrubber{forms: map[string]bool{}} }

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
	r.running = sync.OnceValue(func() *running { return newRunning(all) })
	s.known.Store(r)
	return r
}

// Scrub returns text without the secrets that are recognised in it. What was
// JSON stays JSON; to scrub the result changes nothing.
func (s *Scrubber) Scrub(text string) (out string) {
	defer func() {
		if recover() != nil {
			out = Redacted // a rule failed: that ends no host, and lets nothing through
		}
	}()
	return s.settled(text)
}

// settled scrubs a text until that changes nothing.
func (s *Scrubber) settled(text string) string {
	for range mostPasses {
		out := s.once(text)
		if out == text {
			break
		}
		text = out // what was hidden by what went may show now
	}
	return text
}

// mostPasses bounds how often a text is looked at until nothing changes.
const mostPasses = 8

// once scrubs a text, and keeps JSON what was.
func (s *Scrubber) once(text string) string {
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

// plain scrubs a text of no particular kind.
func (s *Scrubber) plain(text string) string {
	text = s.ScrubKnown(text)
	return without(text, find(text, 0))
}

// deepest is how often what is encoded is looked into.
const deepest = 4

// find tells what must go from a text.
func find(text string, depth int) []span {
	var roomAt, roomWords [24]int
	f := hints()
	lower := small(text)
	stems, words := f.find(lower, roomAt[:0], roomWords[:0])
	var cuts []span
	covered := 0
	for _, n := range namesIn(text, stems) {
		if n.from < covered {
			continue // a part of a secret
		}
		before := len(cuts)
		for _, c := range binds(text, n, cuts)[before:] {
			cuts, covered = append(cuts, c), max(covered, c.to)
		}
	}
	cuts = f.apply(words, text, lower, cuts)
	cuts = tokens(text, stems, cuts)
	if len(stems) > 0 {
		cuts = columns(text, cuts)
	}
	cuts = mnemonics(text, cuts)
	if depth >= deepest {
		return cuts
	}
	cuts = packed(text, depth, cuts)
	if v, ok := unescape(text, nil); ok {
		for _, c := range find(v.text, depth+1) {
			cuts = append(cuts, span{v.at[c.from], v.at[c.to], ""})
		}
	}
	return cuts
}

// without puts [Redacted] in the place of what must go.
func without(s string, cuts []span) string {
	if len(cuts) == 0 {
		return s
	}
	slices.SortStableFunc(cuts, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	done := 0
	for i := 0; i < len(cuts); {
		c := cuts[i]
		for i++; i < len(cuts) && cuts[i].from < c.to; i++ {
			if cuts[i].to > c.to {
				c.to, c.quote = cuts[i].to, ""
			}
		}
		// Nothing of what stands for a secret goes by halves.
		if k := standsAt(s, done, c.from); k >= 0 {
			c.from = k
		}
		if k := standsAt(s, c.from, c.to); k >= 0 {
			c.to = k + len(Redacted)
		}
		if strings.Trim(strings.ReplaceAll(s[c.from:c.to], Redacted, ""), " \"'`,;\\") == "" {
			continue
		}
		b.WriteString(s[done:c.from])
		b.WriteString(c.quote + Redacted + c.quote)
		done = c.to
	}
	b.WriteString(s[done:])
	return b.String()
}

// standsAt tells where a [Redacted] begins, not before from, that position i cuts in
// two; or -1.
func standsAt(s string, from, i int) int {
	from = max(from, i-len(Redacted)+1)
	if from >= i {
		return -1
	}
	if k := strings.Index(s[from:min(len(s), i+len(Redacted)-1)], Redacted); k >= 0 && from+k < i {
		return from + k
	}
	return -1
}

// Lines scrubs a text that comes line by line, such as another program's output:
// a key that runs over many lines goes as a whole. Safe for concurrent use.
type Lines struct {
	s     *Scrubber
	mu    sync.Mutex
	inKey int // lines that a key may still have
	// inPublic is the same for a certificate or a public key, which stays.
	inPublic int
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
	if l.inPublic > 0 {
		if l.inPublic--; strings.Contains(line, "-----END ") {
			l.inPublic = 0
		}
		return l.s.ScrubKnown(line)
	}
	if _, after, ok := strings.Cut(line, "-----BEGIN "); ok && !strings.Contains(after, "-----END ") {
		if strings.Contains(after, "PRIVATE KEY") || strings.Contains(after, "SECRET KEY") {
			l.inKey = longestKey
		} else {
			l.inPublic = longestKey
		}
	}
	return l.s.Scrub(line)
}
