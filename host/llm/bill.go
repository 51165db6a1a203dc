package llm

import "cmp"

// Price is what a million tokens cost.
type Price struct{ Prompt, Answer float64 }

// perPrice is how many tokens a price is for.
const perPrice = 1e6

// of is what a number of tokens costs.
func (p Price) of(u Usage) float64 {
	return (float64(u.PromptTokens)*p.Prompt + float64(u.CompletionTokens)*p.Answer) / perPrice
}

// bill adds up what one request costs.
type bill struct {
	lane    *Lane
	request Request
	pieces  int  // of the answer so far
	settled bool // by the provider's own figures
}

// finish completes the figures of a whole answer.
func (b *bill) finish(f Finish) Finish {
	if f.Usage.PromptTokens == 0 && f.Usage.CompletionTokens == 0 {
		f.Usage = b.guess(f.Usage)
	}
	b.lane.complete(&f.Usage, b.request.Model)
	b.lane.spent(b.request.User, f.Usage)
	b.settled = true
	return f
}

// settle counts an answer that broke off: its tokens were read and written all
// the same. One that never began cost nothing.
func (b *bill) settle() {
	if b.settled || b.pieces == 0 {
		return
	}
	u := b.guess(Usage{})
	b.lane.complete(&u, b.request.Model)
	b.lane.spent(b.request.User, u)
}

func (b *bill) guess(u Usage) Usage {
	u.PromptTokens, u.CompletionTokens, u.Estimated = b.request.Tokens(), b.pieces, true
	return u
}

// complete fills in what a provider leaves out.
func (l *Lane) complete(u *Usage, model string) {
	u.Model, u.Provider = cmp.Or(u.Model, model), cmp.Or(u.Provider, l.Name())
	if u.Cost == 0 {
		u.Cost = l.o.Price.of(*u)
	}
}

func (l *Lane) spent(user string, u Usage) {
	if l.o.Spent != nil {
		l.o.Spent(user, u)
	}
}
