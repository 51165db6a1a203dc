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
	ID      string
	Seq     int64 // position among the owner's episodes, given by the store
	Session string
	Turn    string
	Role    Role
	Speaker string // a name, where several people speak
	Text    string
	Lang    string // "fr" or "en"
	At      time.Time
	Zone    string // IANA name, for "yesterday at ten"

	Importance float64 // 0 to 1: how likely it is asked for later
	Arousal    float64 // 0 to 1: how strong a feeling it tells
	Valence    float64 // -1 to 1: how good a feeling it tells
	Flags      Flags
	Simhash    uint64

	Strength // how well it is remembered
	// Faded is when it was forgotten softly; zero while it is remembered.
	Faded time.Time

	// Terms are the stems of the text, in order, as package analysis makes them.
	Terms []string
}

// Strength is how well something is remembered.
type Strength struct {
	Stability float64 // days until nine times in ten it would still be known
	Recalls   int     // times it was used
	Recalled  time.Time
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
