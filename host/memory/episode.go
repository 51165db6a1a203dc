package memory

import "time"

// Role is who said something.
type Role string

// The roles of an episode.
const (
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
)

// Flags say what is particular about an episode.
type Flags uint32

// The flags of an episode.
const (
	FlagTool     Flags = 1 << iota // holds what a tool answered
	FlagRecalled                   // repeats what had been recalled
	FlagRedacted                   // a secret was taken out
	FlagPlugin                     // a plugin wrote it
)

// Episode is one thing that was said.
type Episode struct {
	ID      string    `json:"id"`
	Seq     int64     `json:"seq,omitempty"` // position among the owner's episodes, given by the store
	Session string    `json:"session,omitempty"`
	Turn    string    `json:"turn,omitempty"`
	Role    Role      `json:"role,omitempty"`
	Speaker string    `json:"speaker,omitempty"` // a name, where several people speak
	Text    string    `json:"text"`
	Lang    string    `json:"lang,omitempty"` // "fr" or "en"
	At      time.Time `json:"at,omitzero"`
	Zone    string    `json:"zone,omitempty"` // IANA name, for "yesterday at ten"

	Importance float64 `json:"importance,omitempty"` // 0 to 1: how likely it is asked for later
	Arousal    float64 `json:"arousal,omitempty"`    // 0 to 1: how strong a feeling it tells
	Valence    float64 `json:"valence,omitempty"`    // -1 to 1: how good a feeling it tells
	Flags      Flags   `json:"flags,omitempty"`
	Simhash    uint64  `json:"simhash,omitempty"`

	Strength // how well it is remembered
	// Faded is when it was forgotten softly; zero while it is remembered.
	Faded time.Time `json:"faded,omitzero"`

	// Terms are the stems of the text, in order, as package analysis makes them.
	Terms []string `json:"terms,omitempty"`
}

// Strength is how well something is remembered.
type Strength struct {
	Stability float64   `json:"stability,omitempty"` // days until nine times in ten it would still be known
	Recalls   int       `json:"recalls,omitempty"`   // times it was used
	Recalled  time.Time `json:"recalled,omitzero"`
}

// Turn is what stands next to an episode in its session.
type Turn struct {
	ID      string
	Role    Role
	Speaker string
	Text    string
	Lang    string
	Terms   []string
}
