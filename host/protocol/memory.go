package protocol

// Memory is one thing that is remembered: a fact, or an episode, which is one
// thing that was said.
type Memory struct {
	ID   string `json:"id"`
	Type string `json:"type"` // fact or episode
	Text string `json:"text"`
	Lang string `json:"lang"`
	At   string `json:"at"` // when it was said, or since when it holds

	Kind         string `json:"kind,omitempty"` // of a fact: fact, preference, person, ...
	Subject      string `json:"subject,omitempty"`
	Predicate    string `json:"predicate,omitempty"`
	Object       string `json:"object,omitempty"`
	Origin       string `json:"origin,omitempty"` // explicit, rule, model, plugin or pattern
	Sensitivity  string `json:"sensitivity,omitempty"`
	Until        string `json:"until,omitempty"` // where it holds no longer
	SupersededBy string `json:"superseded_by,omitempty"`
	Expires      string `json:"expires,omitempty"`
	Pinned       bool   `json:"pinned"`

	Confidence float64 `json:"confidence"` // 0 to 1; 1 for what was said
	Importance float64 `json:"importance"` // 0 to 1
	Arousal    float64 `json:"arousal"`    // 0 to 1: how strong a feeling it tells
	Valence    float64 `json:"valence"`    // -1 to 1: how good a feeling
	Stability  float64 `json:"stability"`  // days
	Recalls    int     `json:"recalls"`

	Session string         `json:"session,omitempty"` // of an episode
	Turn    string         `json:"turn,omitempty"`
	Role    string         `json:"role,omitempty"`
	Speaker string         `json:"speaker,omitempty"`
	Sources []MemorySource `json:"sources,omitempty"` // of a fact
}

// MemorySource is what a fact comes from.
type MemorySource struct {
	Episode string `json:"episode"`
	Session string `json:"session,omitempty"`
	Turn    string `json:"turn,omitempty"`
	Quote   string `json:"quote"`
	At      string `json:"at"`
}

// NewMemory is the body of POST /v1/memories.
type NewMemory struct {
	Text    string `json:"text"`
	Kind    string `json:"kind,omitempty"`
	Pinned  bool   `json:"pinned,omitempty"`
	Expires string `json:"expires,omitempty"` // RFC 3339
}

// MemoryChange is the body of PATCH /v1/memories/{id}: what is not there stays.
type MemoryChange struct {
	Text    *string `json:"text,omitempty"`
	Pinned  *bool   `json:"pinned,omitempty"`
	Expires *string `json:"expires,omitempty"` // RFC 3339, or empty for never
}

// MemorySearch is the body of POST /v1/memories/search.
type MemorySearch struct {
	Query string `json:"query"`
	Limit int    `json:"limit,omitempty"` // 10 when it is not there, at most 200
	Facts bool   `json:"facts,omitempty"`
}

// MemoryFound is the answer of POST /v1/memories/search.
type MemoryFound struct {
	Items []MemoryHit `json:"items"`
	// Coverage is how much of the question the best hits hold, from 0 to 1.
	Coverage float64 `json:"coverage"`
	// Degraded says that vectors or an index should have helped, and could not.
	Degraded bool `json:"degraded,omitempty"`
}

// MemoryHit is one thing that a search found.
type MemoryHit struct {
	ID      string       `json:"id"`
	Type    string       `json:"type"`
	Text    string       `json:"text"`
	Score   float64      `json:"score"`
	At      string       `json:"at"`
	Session string       `json:"session,omitempty"`
	Speaker string       `json:"speaker,omitempty"`
	Parts   []MemoryPart `json:"parts"` // what its score is made of, the strongest first
}

// MemoryPart is what one thing that was seen of a hit adds to its score.
type MemoryPart struct {
	Feature string  `json:"feature"`
	Value   float64 `json:"value"`
	Adds    float64 `json:"adds"`
}

// Forgotten is the answer of DELETE /v1/memories/{id}: everything that went with
// it.
type Forgotten struct {
	Forgotten []string `json:"forgotten"`
}

// MemoryImport is the answer of POST /v1/import/memories.
type MemoryImport struct {
	DryRun  bool     `json:"dry_run"`
	Added   []string `json:"added"`
	Present int      `json:"present"` // were there already, and stay as they are
}
