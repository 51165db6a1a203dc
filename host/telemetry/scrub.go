package telemetry

import (
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
	known atomic.Pointer[strings.Replacer]
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
		s.forms[f] = true
	}
	all := make([]string, 0, len(s.forms))
	for f := range s.forms {
		all = append(all, f)
	}
	// The longest first: a form that holds another one must go as a whole.
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	pairs := make([]string, 0, 2*len(all))
	for _, f := range all {
		pairs = append(pairs, f, Redacted)
	}
	s.known.Store(strings.NewReplacer(pairs...))
	return true
}

// Scrub returns text without the secrets that are recognised in it. A JSON
// object stays one.
func (s *Scrubber) Scrub(text string) string {
	if r := s.known.Load(); r != nil {
		text = r.Replace(text)
	}
	lower := strings.ToLower(text)
	if containsAny(lower, keyWords) {
		text = scrubNamed(text)
		lower = strings.ToLower(text)
	}
	for _, p := range patterns {
		if containsAny(lower, p.keywords) {
			text = p.replace(text)
		}
	}
	return text
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
