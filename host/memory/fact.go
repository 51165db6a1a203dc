package memory

import "time"

// Kind is what a fact is about.
type Kind string

// The kinds of facts.
const (
	KindFact        Kind = "fact"
	KindPreference  Kind = "preference"
	KindPerson      Kind = "person"
	KindPlace       Kind = "place"
	KindEvent       Kind = "event"
	KindCommitment  Kind = "commitment"
	KindInstruction Kind = "instruction"
	KindProcedure   Kind = "procedure"
)

// Kinds returns all kinds of facts.
func Kinds() []Kind {
	return []Kind{KindFact, KindPreference, KindPerson, KindPlace, KindEvent, KindCommitment, KindInstruction, KindProcedure}
}

// Origin is how a fact came to be known.
type Origin string

// The origins of facts.
const (
	OriginExplicit Origin = "explicit" // the person asked to remember it
	OriginRule     Origin = "rule"     // a rule found it in what was said
	OriginModel    Origin = "model"    // a model found it, and the words are there
	OriginPlugin   Origin = "plugin"   // a plugin wrote it
	OriginPattern  Origin = "pattern"  // said again and again
)

// Self is the subject of facts about the owner.
const Self = "self"

// Fact is something known about the owner or someone near.
type Fact struct {
	ID        string `json:"id"`
	Kind      Kind   `json:"kind,omitempty"`
	Subject   string `json:"subject,omitempty"`   // Self, or a name
	Predicate string `json:"predicate,omitempty"` // such as "name", "lives_in", "likes"
	Object    string `json:"object,omitempty"`
	Text      string `json:"text"` // a sentence in Lang
	Lang      string `json:"lang,omitempty"`

	Confidence  float64 `json:"confidence,omitempty"` // 0 to 1
	Origin      Origin  `json:"origin,omitempty"`
	Pinned      bool    `json:"pinned,omitempty"`      // never forgotten by itself, always in the profile
	Sensitivity string  `json:"sensitivity,omitempty"` // "", "health", "contact", "money"

	From         time.Time `json:"from,omitzero"`           // since when it holds
	To           time.Time `json:"to,omitzero"`             // until when; zero while it holds
	SupersededBy string    `json:"superseded_by,omitempty"` // the fact that took its place
	Expires      time.Time `json:"expires,omitzero"`        // when it goes by itself; zero is never

	Importance float64 `json:"importance,omitempty"`
	Arousal    float64 `json:"arousal,omitempty"`
	Valence    float64 `json:"valence,omitempty"`
	Strength
	Faded time.Time `json:"faded,omitzero"`

	Sources []Span   `json:"sources,omitempty"`
	Terms   []string `json:"terms,omitempty"`
}

// Current says whether a fact holds at a time.
func (f *Fact) Current(now time.Time) bool {
	return f.SupersededBy == "" && (f.To.IsZero() || f.To.After(now)) && (f.Expires.IsZero() || f.Expires.After(now))
}

// holds says whether a fact has neither ended nor been superseded.
func (f *Fact) holds() bool { return f.To.IsZero() && f.SupersededBy == "" }

// Span is where a fact comes from: a piece of an episode's text.
type Span struct {
	Episode string    `json:"episode,omitempty"`
	Start   int       `json:"start,omitempty"` // bytes
	End     int       `json:"end,omitempty"`
	Quote   string    `json:"quote,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// Change is one entry of the log of what was done to a memory. Its text is
// blank once the item is deleted.
type Change struct {
	At     time.Time
	Item   string
	Action Action
	Text   string
}

// Action is what was done to an item.
type Action string

// The actions of a change.
const (
	ActionAdded      Action = "added"
	ActionEdited     Action = "edited"
	ActionSuperseded Action = "superseded"
	ActionFaded      Action = "faded"
	ActionRestored   Action = "restored"
	ActionDeleted    Action = "deleted"
)
