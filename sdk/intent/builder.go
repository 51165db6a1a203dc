package intent

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Sentence is one template and what it means.
type Sentence struct {
	Source   string // who brought it: a plugin, or a tool of one
	Intent   string
	Lang     string
	Template string
	Slots    map[string]any // fixed slots, where the template says nothing
	// Lists and Rules are the sentence's own; they come before those of its
	// language. Sentences of one source may share the same maps.
	Lists map[string]List
	Rules map[string]string

	Response string         // goes with the match, unread
	Metadata map[string]any // goes with the match, unread
	// Requires and Excludes are conditions on the context: the value of a key,
	// a []any of values, nil for any, or {"value": ..., "slot": true or a name}
	// to copy the context's value into a slot.
	Requires, Excludes map[string]any
	// Keywords, unless empty, are words of which at least one has to be said.
	Keywords []string
}

// Settings are how the texts of one language are compared.
type Settings struct {
	// IgnoreSpaces is for scripts that put no spaces between words: each of
	// their characters counts as a word, with or without spaces around it.
	IgnoreSpaces bool
	// AsWritten turns misheard words off: for sentences that bring their own.
	AsWritten bool
}

// SentenceError says which sentence is wrong.
type SentenceError struct {
	Source, Intent, Lang, Template string
	Err                            error // a *ParseError where the form is wrong
}

// Error names the sentence and its fault.
func (e *SentenceError) Error() string {
	return fmt.Sprintf("%s: sentence %q (%s) of %s: %v", e.Source, e.Template, e.Lang, e.Intent, e.Err)
}

// Unwrap returns the fault.
func (e *SentenceError) Unwrap() error { return e.Err }

func (s *Sentence) wrong(err error) error {
	return &SentenceError{s.Source, s.Intent, s.Lang, s.Template, err}
}

// Builder collects sentences. It is not safe for concurrent use.
type Builder struct {
	drafts map[string]*draft
}

// draft is what was added for one language.
type draft struct {
	settings  Settings
	skip      []string // nil is the language's own
	rules     map[string]string
	lists     map[string]List
	sentences []*entry
}

// NewBuilder returns a builder without sentences.
func NewBuilder() *Builder {
	return &Builder{drafts: map[string]*draft{}}
}

func (b *Builder) draft(lang string) *draft {
	code := baseLang(lang)
	d, ok := b.drafts[code]
	if !ok {
		d = &draft{rules: map[string]string{}, lists: map[string]List{}}
		b.drafts[code] = d
	}
	return d
}

// SetSkipWords replaces the polite words of a language, which may stand between
// the words of any sentence, and drops those that may only open an utterance,
// such as "bonjour"; none at all turns them off.
func (b *Builder) SetSkipWords(lang string, words ...string) {
	b.draft(lang).skip = append([]string{}, words...)
}

// Set says how the texts of a language are compared.
func (b *Builder) Set(lang string, s Settings) { b.draft(lang).settings = s }

// AddRule adds an expansion rule for all sentences of a language. A rule may
// refer to rules and lists that are added later.
func (b *Builder) AddRule(lang, name, template string) error {
	d := b.draft(lang)
	if _, ok := d.rules[name]; ok {
		return fmt.Errorf("add rule <%s> (%s): it was added before", name, lang)
	}
	if _, err := Parse(template); err != nil {
		return fmt.Errorf("add rule <%s> (%s): %w", name, lang, err)
	}
	d.rules[name] = template
	return nil
}

// AddList adds a list for all sentences of a language.
func (b *Builder) AddList(lang, name string, list List) error {
	d := b.draft(lang)
	if _, ok := d.lists[name]; ok {
		return fmt.Errorf("add list {%s} (%s): it was added before", name, lang)
	}
	if err := list.check(); err != nil {
		return fmt.Errorf("add list {%s} (%s): %w", name, lang, err)
	}
	d.lists[name] = list
	return nil
}

// Add adds a sentence. Its rank among equals is the order of adding. Only its
// form is checked here; [Builder.Build] reports names that stand for nothing.
func (b *Builder) Add(s Sentence) error {
	n, err := Parse(s.Template)
	if err != nil {
		return s.wrong(err)
	}
	d := b.draft(s.Lang)
	d.sentences = append(d.sentences, &entry{Sentence: s, node: n, condition: newCondition(s.Requires, s.Excludes)})
	return nil
}

// Build compiles all that was added. It reports everything that is wrong at
// once, as joined errors: a [*SentenceError] for each sentence that refers to
// an unknown list or rule, can never match, or would match everything.
// The builder may be added to and built again.
func (b *Builder) Build() (*Matcher, error) {
	m, errs := b.build()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return m, nil
}

// BuildGood compiles what is right and leaves out what is wrong, which it
// returns: for large collections of others, where one bad sentence must not
// cost the rest.
func (b *Builder) BuildGood() (*Matcher, []error) { return b.build() }

func (b *Builder) build() (*Matcher, []error) {
	m := &Matcher{languages: map[string]*compiled{}}
	var errs []error
	for _, code := range slices.Sorted(maps.Keys(b.drafts)) {
		c, wrong := b.drafts[code].compile(code)
		m.languages[code] = c
		errs = append(errs, wrong...)
	}
	return m, errs
}

func (d *draft) compile(code string) (*compiled, []error) {
	r := newResolver(code, languageOf(code).with(d.settings), maps.Clone(d.rules))
	errs := r.addGlobals(d.lists)
	c := &compiled{code: code, settings: d.settings, lang: r.lang, resolver: r, skips: d.skipTrie(r.lang)}
	grow := newCompiler()
	for _, s := range d.sentences {
		s.keywords = keywordsOf(r.lang, s.Keywords)
		it, err := r.sentence(s)
		if err == nil && len(grow.states)+it.size > maxStates {
			err = fmt.Errorf("the sentences of one language take more than %d states", maxStates)
		}
		if err != nil {
			errs = append(errs, s.wrong(err))
			continue
		}
		grow.sentence(it, int32(len(c.sentences)))
		c.sentences = append(c.sentences, s)
	}
	c.automaton = grow.freeze()
	for _, l := range r.lists {
		c.finders = append(c.finders, l.finder)
	}
	r.items = nil
	return c, append(errs, c.unreachable()...)
}

// addGlobals prepares the lists that all sentences share.
func (r *resolver) addGlobals(lists map[string]List) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		id, err := r.addList("", name, lists[name], &scope{condition: -1})
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.code, err))
			continue
		}
		r.global[name] = id
	}
	return errs
}

func keywordsOf(l *language, words []string) (out [][]rune) {
	for _, w := range words {
		out = append(out, newUtterance(l, w).words())
	}
	return out
}

// What a skip word's value in its trie says.
const (
	skippedAnywhere = iota
	skippedInFront
)

func (d *draft) skipTrie(l *language) *trie {
	words, openers := d.skip, []string(nil)
	if words == nil {
		words, openers = l.skip, l.openers
	}
	b := &trieBuilder{}
	add := func(words []string, value int32) {
		for _, w := range words {
			if runes := newUtterance(l, w).words(); len(runes) > 0 {
				b.add(runes, value)
			}
		}
	}
	add(words, skippedAnywhere)
	add(openers, skippedInFront)
	return b.trie()
}

// unreachable says some utterances of every sentence and reports those that
// don't understand themselves, such as one whose pieces are joined into
// another spelling.
func (c *compiled) unreachable() (errs []error) {
	for i, s := range c.sentences {
		samples := c.samples(s, 4)
		if len(samples) > 0 && !slices.ContainsFunc(samples, func(text string) bool { return c.understands(int32(i), text) }) {
			errs = append(errs, s.wrong(fmt.Errorf("it can never match, not even %q", samples[0])))
		}
	}
	return errs
}

func (c *compiled) understands(sentence int32, text string) (ok bool) {
	c.readings(newUtterance(c.lang, text), true, func(_ *run, found int32, _ thread) {
		ok = ok || found == sentence
	})
	return ok
}

// samples says at most limit utterances of a sentence.
func (c *compiled) samples(s *entry, limit int) []string {
	sc := &scope{source: s.Source, lists: s.Lists, rules: s.Rules}
	sample := c.resolver.sampler(sc)
	authored := sample.list
	sample.list = func(name string) (List, bool) {
		l, ok := c.sampled(s, name, authored)
		return l.allowed(s.condition), ok
	}
	return sample.samples(s.node, limit)
}

// sampled is a list as a sentence knows it now.
func (c *compiled) sampled(s *entry, name string, authored func(string) (List, bool)) (List, bool) {
	key := name
	if _, own := s.Lists[name]; own {
		key = listKey(s.Source, name)
	}
	if l, ok := c.swapped[key]; ok {
		return l, true
	}
	return authored(name)
}

// allowed leaves out the values that a condition does not want.
func (l List) allowed(c *condition) List {
	if c == nil || l.Values == nil {
		return l
	}
	values := []Value{}
	for _, v := range l.Values {
		if c.allows(v.Context) {
			values = append(values, v)
		}
	}
	l.Values = values
	return l
}
