// Package turn is the vocabulary that the host's stages share: what an
// utterance is, what its answer is made of, and how it can end. It imports
// nothing but the standard library, so that every other room can speak it.
package turn

import (
	"context"
	"iter"
	"time"
)

// Turn is one utterance on its way to an answer. The session makes it; the
// stages read it.
type Turn struct {
	ID        string
	Session   string
	RequestID string
	// TraceParent is the W3C trace context of the request, or empty.
	TraceParent string
	User        string
	Name        string // what the end user is called; may be empty
	Role        Role
	Plugins     []string // the plugins that a guest may use; others use all
	Lang        string   // language of the answer: "fr" or "en"
	// LangForced is set when the client named the language; else Lang was
	// detected, and a stage that knows better may answer in another.
	LangForced bool
	Zone       *time.Location // the end user's time zone
	Text       string
	At         time.Time // when the host accepted it
	Remember   bool
	Temporary  bool
	// History holds the session's earlier messages, oldest first.
	History []Message
	// Vars keeps small values with the session, such as a plugin's state.
	Vars Vars
	// Resumed is set when the turn waits for a reply since before the host was
	// started anew, and now has it: what was done before the question is not done
	// again.
	Resumed *Resumed
	// StoppedTurns is how many turns this utterance stopped: more than zero only
	// for a stop word said while something ran.
	StoppedTurns int
	// Effects tells what an earlier turn of this session changed, or may have
	// changed, in the world: the summaries of its calls, in their order. It may
	// be nil: nothing is known of earlier turns.
	Effects func(ctx context.Context, turnID string) ([]string, error)
	// Steer returns, once each, the texts that the end user added to this
	// turn while it runs. It never blocks.
	Steer func() []string
}

// Resumed is a question of a host that ran before, and its reply.
type Resumed struct {
	State []byte // of the question; see Question.Resume
	Reply Reply
}

// Answerer answers a turn. The sequence yields any number of Delta, ToolStep
// and *Question events and then exactly one Done; an error instead of Done
// means that the turn failed, and its sdk code and message tell why. Leaving
// the loop, or cancelling ctx, cancels all work below it.
type Answerer interface {
	Answer(ctx context.Context, t *Turn) iter.Seq2[Event, error]
}

// Vars keeps values beside a session: durable like the session itself, and in
// memory only when the session is temporary. Safe for concurrent use.
type Vars interface {
	// Get returns nil for a name that was never set.
	Get(ctx context.Context, name string) ([]byte, error)
	// Set keeps value; nil removes it.
	Set(ctx context.Context, name string, value []byte) error
}

// Message is one stored entry of a conversation.
type Message struct {
	ID   string // unique in the session
	Turn string
	Role MessageRole
	Text string
	At   time.Time
	// State says how the turn ended that an assistant's message answers; on
	// an end user's message it is empty.
	State Outcome
	// Foreign says that it holds what a plugin said: words of others, which order
	// nothing, as a tool's result.
	Foreign bool
}

// MessageRole is who said a message.
type MessageRole string

// Who can have said a message.
const (
	FromUser      MessageRole = "user"
	FromAssistant MessageRole = "assistant"
)

// Role is what a credential may do.
type Role string

// The roles of protocol.
const (
	RoleUser     Role = "user"
	RoleGuest    Role = "guest"
	RoleOperator Role = "operator"
	RoleScraper  Role = "scraper"
	RoleService  Role = "service"
)

// Outcome is how a turn ended.
type Outcome string

// The ends of a turn.
const (
	Answered    Outcome = "answered"
	Stopped     Outcome = "stopped"
	Interrupted Outcome = "interrupted"
	Failed      Outcome = "failed"
)

// Source is what an answer came from.
type Source string

// The sources of an answer.
const (
	SourceIntent   Source = "intent"   // a sentence that a plugin or a built-in knows
	SourceDialogue Source = "dialogue" // a plugin that holds the floor, a stop word, a question's answer
	SourceModel    Source = "model"
	SourceMemory   Source = "memory"
	SourceHost     Source = "host" // the host itself: no one could answer, or something broke
)
