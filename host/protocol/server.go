package protocol

import "time"

// The types of frames that the host sends. Accepted, tool, question and done
// are durable: on disk before they are sent, numbered by seq without a gap.
const (
	TypeHello    = "hello"
	TypeAccepted = "accepted"
	TypeDelta    = "delta"
	TypeProgress = "progress"
	TypeTool     = "tool"
	TypeQuestion = "question"
	TypeDone     = "done"
	TypeError    = "error"
	TypeGap      = "gap"
	TypeDraining = "draining"
	TypePong     = "pong"
	TypeNotice   = "notice"
)

// Hello is the first frame of a connection.
type Hello struct {
	Type      string   `json:"type"`
	Protocol  int      `json:"protocol"`
	Version   string   `json:"version"` // the host's
	User      string   `json:"user"`
	Role      string   `json:"role"`
	Lang      string   `json:"lang"`
	TZ        string   `json:"tz"`
	Limits    Limits   `json:"limits"`
	Languages []string `json:"languages"`
	Model     *string  `json:"model"` // null when none answers
	Features  []string `json:"features"`
}

// Limits are the bounds a client should know.
type Limits struct {
	MessageChars      int `json:"message_chars"`
	MessagesPerMinute int `json:"messages_per_minute"` // 0 is no limit
}

// Head is what every durable frame starts with.
type Head struct {
	Type    string `json:"type"`
	Session string `json:"session"`
	Turn    string `json:"turn"`
	Seq     int64  `json:"seq"`
}

// Accepted says that an utterance is on disk.
type Accepted struct {
	Head
	ID      string `json:"id"`
	Text    string `json:"text"`
	Lang    string `json:"lang"`
	At      string `json:"at"` // RFC 3339
	Durable bool   `json:"durable"`
}

// Delta is more text of a turn's answer. It is not durable.
type Delta struct {
	Type    string `json:"type"`
	Session string `json:"session"`
	Turn    string `json:"turn"`
	Offset  int    `json:"offset"` // code points before it
	Text    string `json:"text"`
}

// Progress tells how an answer comes on while there is nothing of it to say. It
// is not durable, and a client may leave it out.
type Progress struct {
	Type     string `json:"type"`
	Session  string `json:"session"`
	Turn     string `json:"turn"`
	Text     string `json:"text"`               // in the end user's language
	Position int    `json:"position,omitempty"` // in a queue; absent when in none
	ETAMS    int64  `json:"eta_ms,omitempty"`   // how long the wait is thought to last
}

// Tool is a change in a tool call's state.
type Tool struct {
	Head
	Call    string `json:"call"`
	Plugin  string `json:"plugin"`
	Tool    string `json:"tool"`
	State   string `json:"state"`
	Summary string `json:"summary,omitempty"`
	At      string `json:"at,omitempty"` // RFC 3339 with milliseconds
}

// Question asks the end user; the turn waits.
type Question struct {
	Head
	Question  string   `json:"question"`
	Kind      string   `json:"kind"`
	Text      string   `json:"text"`
	Options   []Option `json:"options,omitempty"`
	Call      string   `json:"call,omitempty"`
	ExpiresIn int      `json:"expires_in"` // seconds
}

// Option is one choice of a question.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Done ends a turn.
type Done struct {
	Head
	Text        string `json:"text"`
	State       string `json:"state"`
	Code        string `json:"code,omitempty"`
	Source      string `json:"source"`
	Degraded    bool   `json:"degraded"`
	Lang        string `json:"lang"`
	MemorySaved bool   `json:"memory_saved"`
	// Memory is what was remembered for the answer.
	Memory []Recollection `json:"memory,omitempty"`
	Usage  *Usage         `json:"usage,omitempty"`
}

// Recollection is something remembered that an answer was given with.
type Recollection struct {
	ID    string    `json:"id"`
	Quote string    `json:"quote"`
	At    time.Time `json:"at"`
}

// Usage counts a model's tokens.
type Usage struct {
	PromptTokens     int    `json:"prompt_tokens"`
	CompletionTokens int    `json:"completion_tokens"`
	Model            string `json:"model"`
}

// Error answers a bad frame; the connection lives on.
type Error struct {
	Type         string `json:"type"`
	Code         Code   `json:"code"`
	Message      string `json:"message"`
	ID           string `json:"id,omitempty"`
	Field        string `json:"field,omitempty"`
	RetryAfterMS int64  `json:"retry_after_ms,omitempty"`
}

// Gap says which frames are no longer kept.
type Gap struct {
	Type    string `json:"type"`
	Session string `json:"session"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
}

// Draining says that the host stops soon.
type Draining struct {
	Type       string `json:"type"`
	DeadlineMS int64  `json:"deadline_ms"`
}

// Pong answers a Ping.
type Pong struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
}

// Notice tells the end user something outside of any session. It comes again
// until an Ack names it.
type Notice struct {
	Type   string `json:"type"`
	Notice string `json:"notice"` // its id
	Kind   string `json:"kind"`   // timer, reminder, plugin or system
	Text   string `json:"text"`
	Due    string `json:"due"` // RFC 3339
	Late   bool   `json:"late"`
}
