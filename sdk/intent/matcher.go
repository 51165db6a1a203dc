package intent

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Match is one way to understand an utterance: a sentence, with one reading of
// its slots.
type Match struct {
	Source, Intent, Template string
	// Slots holds what was said for each slot, and the sentence's fixed slots
	// where nothing was said: a list's value is its Out, a number an int or a
	// float64, a wildcard the utterance's own words with their case and accents.
	Slots map[string]any
	// SlotText holds the utterance's own words for each slot that was said.
	SlotText map[string]string
	// Asides are slots that the response may use but that are no arguments.
	Asides map[string]any
	// Chosen holds the list's entry for each slot that was chosen from one.
	Chosen map[string]Value
	// Context is the caller's context with that of the chosen values.
	Context map[string]any

	Response string         // the sentence's
	Metadata map[string]any // the sentence's

	// Exact means that every letter of the template and of the values was
	// said as written, accents included.
	Exact bool
	// Edits counts the differences from the values that were nearly said.
	Edits         int
	Wildcards     int // wildcards that were filled
	Literal       int // letters of the template's own text
	WildcardChars int // characters that wildcards took
	// Misheard is what the utterance was heard as, when words had to be heard
	// differently for it to match; the slots' texts come from it.
	Misheard string
}

// Matcher finds the sentences that an utterance is an instance of. It is
// immutable and safe for concurrent use. Make one with a [Builder].
type Matcher struct {
	languages map[string]*compiled
}

// compiled is everything about one language.
type compiled struct {
	code      string
	settings  Settings
	lang      *language
	automaton *automaton
	finders   []*finder
	resolver  *resolver       // for samples; never changed after the build
	swapped   map[string]List // by listKey: what WithLists brought, as templates
	skips     *trie
	sentences []*entry
}

// entry is one sentence as it was added.
type entry struct {
	Sentence
	node      Node
	condition *condition
	keywords  [][]rune // normalised; one has to be said
}

// maxReadings is how many matches one sentence may give for one utterance.
// There are several only when values of a list are said alike.
const maxReadings = 32

// Match returns every sentence of a language that the whole text is an
// instance of, the best first: exact before folded, then fewest edits, fewest
// wildcards, most literal letters, least wildcard text, and last the order in
// which the sentences were added. Nil means that nothing matches.
//
// What is known of the context is what the text itself tells: see [Heard].
//
// The folded pass runs only when the exact one finds nothing, and after it the
// words that speech recognition mishears are tried. Of each sentence
// only the best reading is returned; values that are said alike ("the lamp" in
// two rooms) give one match each, up to 32.
func (m *Matcher) Match(lang, text string) []Match {
	return m.MatchContext(lang, text, Heard(text))
}

// Heard is the context that a text tells by itself: question is true when it
// ends with a question mark. "Il fait beau demain ?" asks, "il fait beau
// demain." does not: a sentence may require it.
func Heard(text string) map[string]any {
	if strings.HasSuffix(strings.TrimRight(text, " \t\r\n\u00a0\u202f\"»”)!"), "?") {
		return map[string]any{"question": true}
	}
	return nil
}

// MatchContext is [Matcher.Match] where the caller knows something, such as
// the room, that sentences may require or exclude.
func (m *Matcher) MatchContext(lang, text string, context map[string]any) []Match {
	c := m.languages[baseLang(lang)]
	if c == nil || len(text) > MaxUtterance {
		return nil
	}
	u := newUtterance(c.lang, text)
	if len(u.runes) == 0 {
		return nil
	}
	if found := c.pass(u, true, known{context: context}); found != nil {
		return found
	}
	if found := c.pass(u, false, known{context: context}); found != nil {
		return found
	}
	return c.misheardMatch(u, known{context: context})
}

// maxMisheardWords is how long an utterance may be to be heard differently:
// commands are short.
const maxMisheardWords = 16

// misheardMatch hears words differently until something matches.
func (c *compiled) misheardMatch(u *utterance, k known) []Match {
	table := c.misheard()
	words := strings.Fields(string(u.words()))
	if c.settings.AsWritten || len(table) == 0 || len(words) > maxMisheardWords {
		return nil
	}
	for _, text := range table.variants(words) {
		found := c.pass(newUtterance(c.lang, text), false, k)
		for i := range found {
			found[i].Misheard = text
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// WithLists returns a matcher with other lists, for names that change while
// the program runs. A key is a list's name, or "source/name" for the list that
// a source's sentences brought themselves. Values are plain text here, not
// templates. Names that no sentence refers to are ignored. No sentence is
// compiled again, and the old matcher stays as it was.
func (m *Matcher) WithLists(lang string, lists map[string]List) *Matcher {
	old := m.languages[baseLang(lang)]
	if old == nil {
		return m
	}
	swapped := *old
	swapped.finders = slices.Clone(old.finders)
	swapped.swapped = maps.Clone(old.swapped)
	if swapped.swapped == nil {
		swapped.swapped = map[string]List{}
	}
	for key, list := range lists {
		ids := old.resolver.named[key]
		if len(ids) == 0 {
			continue
		}
		swapped.swapped[key] = asTemplates(list)
		f := dynamicFinder(old.lang, old.resolver.wordsOf(list), list)
		for _, id := range ids {
			swapped.finders[id] = f
		}
	}
	out := &Matcher{languages: maps.Clone(m.languages)}
	out.languages[baseLang(lang)] = &swapped
	return out
}

// asTemplates returns a list of plain text as an author would write it.
func asTemplates(list List) List {
	list.Values = slices.Clone(list.Values)
	for i := range list.Values {
		list.Values[i].In = Escape(list.Values[i].In)
	}
	return list
}

// Languages returns the languages with sentences, sorted.
func (m *Matcher) Languages() []string {
	return slices.Sorted(maps.Keys(m.languages))
}

// known is what the caller knows of the context; a free one meets every
// condition.
type known struct {
	context map[string]any
	free    bool
}

// candidate is a match that has yet to be ranked.
type candidate struct {
	score    score
	sentence int32
	match    Match
}

func (c *compiled) pass(u *utterance, exact bool, k known) []Match {
	var found []candidate
	c.readings(u, exact, func(r *run, sentence int32, t thread) {
		found = append(found, c.understand(r, sentence, t, k)...)
	})
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(a.score.compare(b.score), cmp.Compare(a.sentence, b.sentence))
	})
	var out []Match
	for _, f := range found {
		out = append(out, f.match)
	}
	return out
}

// readings calls each for every sentence that the utterance is an instance of,
// whatever the sentence requires of the context.
func (c *compiled) readings(u *utterance, exact bool, each func(r *run, sentence int32, t thread)) {
	r := c.automaton.newRun(u, exact)
	defer r.done()
	r.finders, r.conds, r.skips = c.finders, c.resolver.conds, c.skips
	for _, t := range r.all() {
		for _, sentence := range r.endsOf(t.state) {
			if t.score.literal() > 0 || r.anchored(t) {
				each(r, sentence, t)
			}
		}
	}
}

// anchored tells whether a reading without literal text holds more than
// wildcards: a list may have become one after the sentences were checked.
func (r *run) anchored(t thread) bool {
	for i := t.capture; i >= 0; i = r.captures[i].before {
		if !r.finders[r.slots[r.captures[i].edge].list].wildcard {
			return true
		}
	}
	return false
}

// understand turns a reading into matches, one for each choice between values
// that are said alike.
func (c *compiled) understand(r *run, sentence int32, t thread, k known) []candidate {
	chain := r.chain(t.capture)
	var out []candidate
	for choice := range choices(chain) {
		m, ok := c.match(r, c.sentences[sentence], chain, choice, k)
		if !ok {
			continue
		}
		m.Exact, m.Edits = r.exact, t.score.edits()
		m.Wildcards, m.Literal, m.WildcardChars = t.score.wildcards(), t.score.literal(), t.score.wildText()
		out = append(out, candidate{t.score, sentence, m})
		if len(out) == maxReadings {
			break
		}
	}
	return out
}

// chain returns captures in the order in which they were said.
func (r *run) chain(last int32) []capture {
	var out []capture
	for i := last; i >= 0; i = r.captures[i].before {
		out = append(out, r.captures[i])
	}
	slices.Reverse(out)
	return out
}

// choices counts through the values of each capture.
func choices(chain []capture) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		choice := make([]int, len(chain))
		for {
			if !yield(choice) {
				return
			}
			i := len(chain) - 1
			for ; i >= 0; i-- {
				if choice[i]++; choice[i] < len(chain[i].hit.values) {
					break
				}
				choice[i] = 0
			}
			if i < 0 {
				return
			}
		}
	}
}

// match fills in one match; false means that the context speaks against it.
func (c *compiled) match(r *run, s *entry, chain []capture, choice []int, k known) (Match, bool) {
	m := Match{
		Source: s.Source, Intent: s.Intent, Template: s.Template,
		Response: s.Response, Metadata: s.Metadata,
		Slots: map[string]any{}, SlotText: map[string]string{},
		Asides: map[string]any{}, Chosen: map[string]Value{}, Context: map[string]any{},
	}
	maps.Copy(m.Slots, s.Slots)
	maps.Copy(m.Context, k.context)
	for i, cp := range chain {
		r.fill(&m, c.resolver.slots.list, cp, choice[i])
	}
	if !k.free && !r.u.holdsOne(s.keywords) {
		return Match{}, false
	}
	if s.condition != nil {
		if !k.free && !s.condition.holds(m.Context) {
			return Match{}, false
		}
		s.condition.fill(&m)
	}
	return m, true
}

// fill adds one capture to a match.
func (r *run) fill(m *Match, slots []string, cp capture, choice int) {
	e := r.slots[cp.edge]
	name, f := slots[e.slot], r.finders[e.list]
	text := r.u.original(int(cp.from), int(cp.to))
	var value any = text
	switch {
	case f.numbers != nil:
		value = f.numbers.value(cp.hit.number)
	case f.values != nil:
		id := cp.hit.values[choice]
		v := f.values[id]
		maps.Copy(m.Context, v.Context)
		m.Chosen[name] = v
		if value = v.Out; value == nil && f.plain[id] {
			value = v.In
		} else if value == nil {
			value = text
		}
	}
	m.SlotText[name] = text
	if e.aside {
		m.Asides[name] = value
	} else {
		m.Slots[name] = value
	}
}

// fill copies what a condition takes from the context into slots.
func (c *condition) fill(m *Match) {
	for _, r := range c.requires {
		if _, said := m.Slots[r.slot]; r.slot != "" && !said {
			m.Slots[r.slot] = m.Context[r.key]
		}
	}
}
