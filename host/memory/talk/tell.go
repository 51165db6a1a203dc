package talk

import (
	"context"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/turn"
)

// all lists everything that is known.
func (r *reply) all(ctx context.Context) error {
	facts, err := r.Memory.Facts(ctx, r.owner, memory.FactFilter{})
	if err != nil {
		return err
	}
	if len(facts) == 0 {
		r.say(r.Words(r.lang, "memory.nothing"))
		return nil
	}
	lines := []string{r.Words(r.lang, "memory.all", len(facts))}
	for i := range facts {
		k := &facts[i]
		lines = append(lines, "- "+r.Words(r.lang, "memory.item", k.Text, r.date(k.From)))
		r.use(k.ID, k.Text, k.From)
	}
	r.say(strings.Join(lines, "\n"))
	return r.clear(ctx)
}

// told is how many memories an answer quotes.
const told = 5

// about tells what was said about something.
func (r *reply) about(ctx context.Context, what string) error {
	found, err := r.find(ctx, what)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		r.say(r.Words(r.lang, "memory.nothing_about", what))
		return nil
	}
	r.tell(r.Words(r.lang, "memory.about", what), found)
	return r.clear(ctx)
}

// find returns what is likely to answer a question; nothing when nothing is.
func (r *reply) find(ctx context.Context, question string) ([]memory.Result, error) {
	answer, err := r.Memory.Find(ctx, r.owner, memory.Question{
		Text: question, Lang: r.lang, At: r.local(r.Now()), Limit: 2 * told, Facts: true,
	})
	if err != nil {
		return nil, err
	}
	r.done.Degraded = r.done.Degraded || answer.Degraded
	if answer.Coverage < memory.GateAsked {
		return nil, nil
	}
	_, groups := analysis.Groups(question, r.lang)
	var out []memory.Result
	covered := map[string]bool{} // episodes whose facts are told
	for _, f := range answer.Results {
		if f.Stale || covered[f.ID] || !touches(f.Text, groups) || f.Role == memory.RoleAssistant {
			continue
		}
		if f.Fact == nil && tellsNothing(f.Text, question, r.lang) {
			continue
		}
		if f.Fact != nil {
			for _, s := range f.Fact.Sources {
				covered[s.Episode] = true
			}
		}
		out = append(out, f)
	}
	out = slices.DeleteFunc(out, func(f memory.Result) bool { return f.Fact == nil && covered[f.ID] })
	return out[:min(told, len(out))], nil
}

// tellsNothing says whether what someone said only asks, or has no word that the
// question about it does not have.
func tellsNothing(said, question, lang string) bool {
	if asks(said, lang) && !strings.ContainsAny(said, ".!,;:") {
		return true
	}
	asked := stems(question)
	return !slices.ContainsFunc(stems(said), func(s string) bool { return !slices.Contains(asked, s) })
}

// touches says whether a text holds one of the words that are asked about.
func touches(text string, groups []analysis.Group) bool {
	for _, lang := range []string{"fr", "en"} {
		terms := analysis.Terms(text, lang)
		for _, g := range groups {
			if slices.ContainsFunc(append(g.Stems, kin(g)...), func(s string) bool { return slices.Contains(terms, s) }) {
				return true
			}
		}
	}
	return false
}

func kin(g analysis.Group) (stems []string) {
	for _, k := range g.Kin() {
		stems = append(stems, k.Stem)
	}
	return stems
}

func (r *reply) tell(head string, found []memory.Result) {
	lines := []string{head}
	for _, f := range found {
		if f.Fact != nil {
			lines = append(lines, "- "+r.Words(r.lang, "memory.item", f.Text, r.date(f.At)))
		} else {
			lines = append(lines, "- "+r.quote("memory.quote", f.Text, &memory.Episode{At: f.At, Role: f.Role, Speaker: f.Speaker}))
		}
		r.use(f.ID, f.Text, f.At)
	}
	r.say(strings.Join(lines, "\n"))
}

func (r *reply) quote(key, text string, e *memory.Episode) string {
	if e.Role == memory.RoleAssistant {
		key = "memory.quote_own"
	}
	return r.Words(r.lang, key, r.date(e.At), r.hour(e.At), strings.Join(strings.Fields(text), " "))
}

// why tells where the latest answer came from.
func (r *reply) why(ctx context.Context) error {
	ids := usageOf(ctx, r.t).Last
	if len(ids) == 0 {
		r.say(r.Words(r.lang, "memory.why_nothing"))
		return nil
	}
	return r.origins(ctx, ids)
}

// whyThat tells where something that is known came from.
func (r *reply) whyThat(ctx context.Context, what string) error {
	found, err := r.find(ctx, what)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		r.say(r.Words(r.lang, "memory.nothing_about", what))
		return nil
	}
	ids := []string{found[0].ID}
	return r.origins(ctx, ids)
}

// origins quotes what items were said in.
func (r *reply) origins(ctx context.Context, ids []string) error {
	facts, err := r.Memory.Facts(ctx, r.owner, memory.FactFilter{IDs: ids, Past: true})
	if err != nil {
		return err
	}
	explicit := map[string]bool{}
	sources := slices.Clone(ids)
	var lines []string
	for i := range facts {
		k := &facts[i]
		for _, s := range k.Sources {
			sources = append(sources, s.Episode)
			explicit[s.Episode] = k.Origin == memory.OriginExplicit
		}
		if len(k.Sources) == 0 {
			lines = append(lines, "- "+r.quote("memory.asked", k.Text, &memory.Episode{At: k.From}))
			r.use(k.ID, k.Text, k.From)
		}
	}
	episodes, err := r.Memory.Episodes(ctx, r.owner, memory.EpisodeFilter{IDs: sources})
	if err != nil {
		return err
	}
	for i := range episodes {
		e := &episodes[i]
		key := "memory.quote"
		if explicit[e.ID] {
			key = "memory.asked"
		}
		lines = append(lines, "- "+r.quote(key, e.Text, e))
		r.use(e.ID, e.Text, e.At)
	}
	if len(lines) == 0 {
		r.say(r.Words(r.lang, "memory.why_nothing"))
		return nil
	}
	r.say(r.Words(r.lang, "memory.because") + "\n" + strings.Join(lines, "\n"))
	return nil
}

// Recollect answers from memory alone, where no model can: it notes what the
// end user tells of themselves, and quotes what they said when they ask. ok is
// false when memory has nothing to say either.
func (k *Talk) Recollect(ctx context.Context, t *turn.Turn, text string, yield func(turn.Event) bool) (done turn.Done, ok bool, err error) {
	if t.Temporary {
		return turn.Done{}, false, nil
	}
	r, err := k.begin(t, t.Lang, text, yield)
	if err != nil {
		return turn.Done{}, false, err
	}
	if !asks(text, t.Lang) && t.Remember {
		kept, err := r.keep(ctx)
		k.count("remember", err)
		if err != nil {
			return turn.Done{}, false, err
		}
		if !r.noted(ctx, kept) {
			return r.done, false, nil // kept, and nothing to say
		}
		r.finish(ctx)
		return r.done, true, nil
	}
	found, err := r.find(ctx, text)
	k.count("search", err)
	if err != nil || len(found) == 0 {
		return turn.Done{}, false, err
	}
	r.tell(r.Words(r.lang, "memory.recollected"), found)
	r.finish(ctx)
	return r.done, true, nil
}

// asks says whether a text is a question: by its mark, or by its first word.
func asks(text, lang string) bool {
	look := analysis.Look(text, lang)
	if look.Asks() {
		return true
	}
	look.Tokens = look.Tokens[:min(1, len(look.Tokens))]
	return look.Kind() != analysis.KindOther
}
