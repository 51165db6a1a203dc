package intent

import "cmp"

// score orders readings of one utterance, less being better. Scores add up
// along a reading, and what is added to two of them keeps their order; that is
// why the matcher may drop the worse of two readings that meet in a state.
//
// In order of weight: fewest edits, fewest wildcards, most literal letters,
// least wildcard text, fewest polite words left out.
type score struct{ high, low int64 }

const (
	skipUnit    = 1
	wildUnit    = 1 << 16
	literalUnit = 1 << 40
	wildcard    = 1
	editUnit    = 1 << 32
)

func (s score) compare(t score) int {
	return cmp.Or(cmp.Compare(s.high, t.high), cmp.Compare(s.low, t.low))
}

func (s score) plusEdits(n int) score    { return score{s.high + int64(n)*editUnit, s.low} }
func (s score) plusWildcard() score      { return score{s.high + wildcard, s.low} }
func (s score) plusLiteral() score       { return score{s.high, s.low - literalUnit} }
func (s score) plusWildText(n int) score { return score{s.high, s.low + int64(n)*wildUnit} }
func (s score) plusSkip() score          { return score{s.high, s.low + skipUnit} }
func (s score) edits() int               { return int(s.high / editUnit) }
func (s score) wildcards() int           { return int(s.high % editUnit) }
func (s score) wildText() int            { return int(s.rest() / wildUnit) }
func (s score) literal() int             { return int((s.rest() - s.low) / literalUnit) }
func (s score) rest() int64              { return ((s.low % literalUnit) + literalUnit) % literalUnit }
