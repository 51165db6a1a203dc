package llm

import (
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/sdk/retry"
)

// Route is one way to get an answer: a model of a provider, and what it is for.
type Route struct {
	// Name is what an end user chooses it by; the model's name when empty.
	Name     string
	Provider Provider
	// Model is asked for when a request names none.
	Model string
	When  When
}

// When says which requests a route is for. The zero value fits all.
type When struct {
	// Langs are the languages of utterances, Roles the roles of end users; empty
	// fits all, those that are not known included.
	Langs, Roles []string
	// MinTokens and MaxTokens bound the prompt's length as [Request.Tokens] has
	// it; 0 is no bound.
	MinTokens, MaxTokens int
	// Tools says whether the request offers tools.
	Tools Need
	// From and To are times of day, since midnight. The route is for the time
	// between them, over midnight if From is the later one, and always when they
	// are the same.
	From, To time.Duration
	// Chosen keeps the route for end users that choose it by name.
	Chosen bool
}

// Need is whether something has to be there.
type Need string

// The needs.
const (
	Either  Need = ""
	Needed  Need = "needed"
	Missing Need = "none"
)

// fits reports whether a route is for a request. Who chose the route by its
// name gets it whatever the request is like, if the role allows.
func (w When) fits(q Request, chosen bool, now time.Time) bool {
	if len(w.Roles) > 0 && !slices.Contains(w.Roles, q.Role) {
		return false
	}
	if chosen {
		return true
	}
	length := q.Tokens()
	switch {
	case w.Chosen:
	case len(w.Langs) > 0 && !slices.Contains(w.Langs, q.Lang):
	case w.MinTokens > 0 && length < w.MinTokens:
	case w.MaxTokens > 0 && length > w.MaxTokens:
	case w.Tools == Needed && len(q.Tools) == 0, w.Tools == Missing && len(q.Tools) > 0:
	default:
		return w.now(now)
	}
	return false
}

// now reports whether it is the route's time of day.
func (w When) now(now time.Time) bool {
	at := time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute + time.Duration(now.Second())*time.Second
	if w.From <= w.To {
		return w.From == w.To || at >= w.From && at < w.To
	}
	return at >= w.From || at < w.To
}

// Table is everything that a Router goes by.
type Table struct {
	// Routes are those to models, the preferred one first.
	Routes []Route
	// Embed makes embeddings; without a provider, nothing does.
	Embed Route
}

// table is a Table in use.
type table struct {
	routes []*route
	embed  Route
	// budgets are for asking providers again, one for each of them.
	budgets map[Provider]*retry.Budget
}

// newTable takes over what is known of routes that stay.
func newTable(t Table, old *table, now func() time.Time, budget retry.BudgetOptions) *table {
	out := &table{embed: t.Embed, budgets: map[Provider]*retry.Budget{}}
	share := func(p Provider) *retry.Budget {
		if b, ok := out.budgets[p]; ok {
			return b
		}
		b := retry.NewBudget(budget)
		if old != nil && old.budgets[p] != nil {
			b = old.budgets[p]
		}
		out.budgets[p] = b
		return b
	}
	for _, to := range t.Routes {
		fresh := newRoute(to, now)
		fresh.budget = share(to.Provider)
		if old != nil {
			fresh.inherit(old.routes)
		}
		out.routes = append(out.routes, fresh)
	}
	if t.Embed.Provider != nil {
		share(t.Embed.Provider)
	}
	return out
}

// inherit takes over what is known of the same model at the same provider.
func (to *route) inherit(old []*route) {
	for _, o := range old {
		if o.Provider == to.Provider && o.Model == to.Model {
			name := to.health.Name
			to.health = o.snapshot()
			to.health.Name = name
			return
		}
	}
}

// choose returns the routes for a request in the order in which they are asked,
// and the one that would be if all were well.
func (t *table) choose(q Request, now time.Time) (ordered []*route, preferred *route) {
	for _, to := range t.routes {
		chosen := q.Route != "" && to.health.Name == q.Route
		if !to.When.fits(q, chosen, now) {
			continue
		}
		if chosen {
			ordered = slices.Insert(ordered, 0, to)
		} else {
			ordered = append(ordered, to)
		}
	}
	length := q.Tokens()
	slices.SortStableFunc(ordered, func(a, b *route) int { return a.narrow(length) - b.narrow(length) })
	if len(ordered) > 0 {
		preferred = ordered[0]
	}
	slices.SortStableFunc(ordered, func(a, b *route) int { return a.rank() - b.rank() })
	return ordered, preferred
}

// narrow is 1 for a model whose window is known to be too small for a prompt.
func (to *route) narrow(length int) int {
	if w := to.snapshot().Info.Window; w > 0 && length >= w {
		return 1
	}
	return 0
}
