package scrub

import (
	"sort"
	"strings"
)

// Running takes registered secrets out of a text that comes in pieces, wherever
// the pieces are cut: what may be the beginning of a secret is held back until
// the next piece. All that it returned, joined, is a prefix of what
// [Scrubber.ScrubKnown] makes of the whole. It is for one goroutine.
type Running struct {
	s    *Scrubber
	held string
}

// NewRunning returns one that knows what s knows.
func NewRunning(s *Scrubber) *Running { return &Running{s: s} }

// Next returns what can be said after one more piece. It may be empty.
func (r *Running) Next(piece string) string {
	text := r.held + piece
	said, held := r.s.registry().begin(text)
	r.held = held
	return said
}

// Rest returns what was held back, when no piece comes any more.
func (r *Running) Rest() string {
	rest := r.s.ScrubKnown(r.held)
	r.held = ""
	return rest
}

// running is what begin needs of the forms of all secrets.
type running struct {
	sorted  []string            // all forms
	heads   map[string][]string // by their first bytes, the longest first
	longest int
	first   [1 << 8]bool  // bytes with which a form begins
	two     [1 << 16]bool // the same, its first two
}

func newRunning(forms []string) *running {
	r := &running{heads: map[string][]string{}}
	for _, f := range forms { // the longest first
		r.heads[f[:minSecret]] = append(r.heads[f[:minSecret]], f)
		r.longest = max(r.longest, len(f))
		r.first[f[0]], r.two[pair(f[0], f[1])] = true, true
	}
	r.sorted = append(r.sorted, forms...)
	sort.Strings(r.sorted)
	return r
}

// mayBegin tells what begins with no secret, nor with the beginning of one, at a
// glance; it errs only by saying yes.
func (r *running) mayBegin(text string) bool {
	if len(text) == 1 {
		return r.first[text[0]]
	}
	return r.two[pair(text[0], text[1])]
}

// begun reports whether text may go on to become a secret.
func (r *running) begun(text string) bool {
	i := sort.Search(len(r.sorted), func(i int) bool { return r.sorted[i] > text })
	return i < len(r.sorted) && strings.HasPrefix(r.sorted[i], text)
}

// at returns the longest secret that text begins with.
func (r *running) at(text string) string {
	if len(text) < minSecret {
		return ""
	}
	for _, f := range r.heads[text[:minSecret]] {
		if strings.HasPrefix(text, f) {
			return f
		}
	}
	return ""
}

// begin cleans the beginning of a text, up to where a secret may have begun.
func (r *running) begin(text string) (clean, rest string) {
	var b strings.Builder
	from := 0 // what is before is in b
	for i := 0; i < len(text); {
		if !r.mayBegin(text[i:]) {
			i++
			continue
		}
		if len(text)-i < r.longest && r.begun(text[i:]) {
			if from == 0 {
				return text[:i], text[i:]
			}
			b.WriteString(text[from:i])
			return b.String(), text[i:]
		}
		f := r.at(text[i:])
		if f == "" {
			i++
			continue
		}
		b.WriteString(text[from:i])
		b.WriteString(Redacted)
		i += len(f)
		from = i
	}
	if from == 0 {
		return text, ""
	}
	b.WriteString(text[from:])
	return b.String(), ""
}
