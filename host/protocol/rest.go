package protocol

// Failure is the body of every REST answer that is not a success.
type Failure struct {
	Error FailureDetail `json:"error"`
}

// FailureDetail says what went wrong.
type FailureDetail struct {
	Code         Code   `json:"code"`
	Message      string `json:"message"` // in the end user's language
	RequestID    string `json:"request_id"`
	Field        string `json:"field,omitempty"`
	RetryAfterMS int64  `json:"retry_after_ms,omitempty"`
}

// List is the body of every REST answer that lists something. Next continues
// it, as ?after=, and is empty at the end.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// Chat is the body of POST /v1/chat.
type Chat struct {
	Text      string `json:"text"`
	Session   string `json:"session,omitempty"`
	Lang      string `json:"lang,omitempty"`
	Remember  *bool  `json:"remember,omitempty"`
	Temporary bool   `json:"temporary,omitempty"`
}

// Answer is the answer of POST /v1/chat to a turn that ended: the members of
// its done frame, and its tool calls as they ended.
type Answer struct {
	Done
	Tools []AnswerTool `json:"tools"`
}

// AnswerTool is one tool call of an Answer.
type AnswerTool struct {
	Plugin string `json:"plugin"`
	Tool   string `json:"tool"`
	State  string `json:"state"`
}

// Asked is the answer of POST /v1/chat to a turn that waits for a reply: the
// next POST in the session answers it.
type Asked struct {
	Session  string       `json:"session"`
	Turn     string       `json:"turn"`
	Question QuestionBody `json:"question"`
}

// QuestionBody is what a Question asks.
type QuestionBody struct {
	Question  string   `json:"question"`
	Kind      string   `json:"kind"`
	Text      string   `json:"text"`
	Options   []Option `json:"options,omitempty"`
	Call      string   `json:"call,omitempty"`
	ExpiresIn int      `json:"expires_in"` // seconds
}

// Session describes a conversation.
type Session struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Created   string `json:"created"` // RFC 3339, like every time here
	Updated   string `json:"updated"`
	Temporary bool   `json:"temporary"`
}

// Message is one entry of a conversation.
type Message struct {
	ID    string `json:"id"`
	Turn  string `json:"turn"`
	Role  string `json:"role"`
	Text  string `json:"text"`
	At    string `json:"at"`
	State string `json:"state,omitempty"`
}

// Hit is a message that a search found.
type Hit struct {
	Session string  `json:"session"`
	Title   string  `json:"title"`
	Message Message `json:"message"`
}

// Me is who asks.
type Me struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
	Lang string `json:"lang"` // empty: detected
	TZ   string `json:"tz"`
}

// Key is a credential without its text.
type Key struct {
	ID      string `json:"id"`
	Label   string `json:"label"`
	Kind    string `json:"kind"`
	Created string `json:"created"`
	Expires string `json:"expires,omitempty"`
	Current bool   `json:"current"` // the one that asks
}

// NewKey is a credential at the one time when its text is shown.
type NewKey struct {
	ID      string `json:"id"`
	Key     string `json:"key"`
	Label   string `json:"label"`
	Created string `json:"created"`
	Expires string `json:"expires,omitempty"`
}

// Ticket opens one WebSocket.
type Ticket struct {
	Ticket    string `json:"ticket"`
	ExpiresIn int    `json:"expires_in"` // seconds
}
