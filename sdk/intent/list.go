package intent

import (
	"errors"
	"fmt"
)

// List says what a slot may hold: one of Values, a number of Range, or any
// words (Wildcard). Exactly one of the three is set. Values that are empty but
// not nil make a list whose values come later, through [Matcher.WithLists].
type List struct {
	Values   []Value `json:"values,omitzero"`
	Range    *Range  `json:"range,omitzero"`
	Wildcard bool    `json:"wildcard,omitzero"`
	// Unusable says why no sentence can use a list of this name: a sentence that does
	// is refused with it, unless the name is that of a list of all sentences. The
	// other fields are empty then.
	Unusable string `json:"-"`
}

// Value is one entry of a list.
type Value struct {
	// In is what is said: a template without lists. In a list that was given
	// to [Matcher.WithLists] it is plain text.
	In string `json:"in"`
	// Out is the slot's value; nil makes it what was said.
	Out any `json:"out,omitzero"`
	// Context is what choosing the value tells: it becomes part of the match's
	// context, and keeps the value from sentences that require otherwise.
	Context map[string]any `json:"context,omitzero"`
	// Metadata goes with the match, unread.
	Metadata map[string]any `json:"metadata,omitzero"`
}

// Range is a list of numbers, written in digits or in words.
type Range struct {
	From int `json:"from"` // included, as To is
	To   int `json:"to"`
	Step int `json:"step,omitzero"` // counted from From; 0 is 1
	// Kind is for the reader: "number", "percentage" or "temperature".
	Kind string `json:"type,omitzero"`
	// Fractions allows "halves" or "tenths" between the whole numbers, whatever
	// the step; the slot's value is then a float64 instead of an int.
	Fractions string `json:"fractions,omitzero"`
	// Multiplier, unless 0, turns the number said into the slot's value, a
	// float64.
	Multiplier float64 `json:"multiplier,omitzero"`
	NoDigits   bool    `json:"no_digits,omitzero"`      // only words count
	NoWords    bool    `json:"no_words,omitzero"`       // only digits count
	WordsLang  string  `json:"words_language,omitzero"` // of the words; empty is the sentence's
}

// maxNumber is the largest number that is understood in words and in digits.
const maxNumber = 999_999

func (l List) check() error {
	kinds := 0
	for _, set := range []bool{l.Values != nil, l.Range != nil, l.Wildcard} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return errors.New("a list has exactly one of values, range and wildcard")
	}
	if l.Range != nil {
		return l.Range.check()
	}
	return nil
}

func (r *Range) check() error {
	switch {
	case r.From > r.To:
		return fmt.Errorf("a range from %d to %d, which holds no number", r.From, r.To)
	case r.From < -maxNumber || r.To > maxNumber:
		return fmt.Errorf("a range from %d to %d, which leaves -%d to %d", r.From, r.To, maxNumber, maxNumber)
	case r.Step < 0:
		return fmt.Errorf("a range with step %d, which is negative", r.Step)
	case r.NoDigits && r.NoWords:
		return errors.New("a range with neither digits nor words")
	}
	switch r.Fractions {
	case "", "halves", "tenths":
		return nil
	}
	return fmt.Errorf("fractions %q, which are neither halves nor tenths", r.Fractions)
}
