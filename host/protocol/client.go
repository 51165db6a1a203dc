package protocol

import "encoding/json"

// The types of frames that a client sends.
const (
	TypeSay    = "say"
	TypeStop   = "stop"
	TypeResume = "resume"
	TypeReply  = "reply"
	TypeAck    = "ack"
	TypePing   = "ping"
)

// Say is one utterance.
type Say struct {
	Type      string `json:"type"`
	ID        string `json:"id"` // the client's, unique in the session
	Text      string `json:"text"`
	Session   string `json:"session,omitempty"`
	Lang      string `json:"lang,omitempty"`
	Remember  *bool  `json:"remember,omitempty"`
	Temporary bool   `json:"temporary,omitempty"`
	Mode      string `json:"mode,omitempty"`
}

// The modes of a Say while a turn runs.
const (
	ModeQueue = "queue" // a turn of its own, after those before it
	ModeSteer = "steer" // added to the running turn
)

// Stop ends the running turn and what is queued behind it.
type Stop struct {
	Type    string `json:"type"`
	Session string `json:"session,omitempty"`
	Turn    string `json:"turn,omitempty"`
}

// Resume asks for what a client missed.
type Resume struct {
	Type    string `json:"type"`
	Session string `json:"session"`
	After   int64  `json:"after"` // the last seq seen
	Turn    string `json:"turn,omitempty"`
	Offset  int    `json:"offset,omitempty"` // code points of Turn's text seen
}

// Reply answers a Question. Value is a string, a number or a boolean.
type Reply struct {
	Type     string          `json:"type"`
	Question string          `json:"question"`
	Value    json.RawMessage `json:"value"`
}

// Ack says that a notice reached a person.
type Ack struct {
	Type   string `json:"type"`
	Notice string `json:"notice"`
}

// Ping asks for a Pong.
type Ping struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
}
