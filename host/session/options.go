package session

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// Identity is who speaks, as the credential says.
type Identity struct {
	User string
	Name string // what the end user is called
	Role turn.Role
	// Plugins are those that a guest may use; others use all.
	Plugins []string
	// Lang is the end user's own language, for utterances that do not tell
	// theirs; it may be empty.
	Lang string
	// Zone is the end user's time zone; nil is UTC.
	Zone      *time.Location
	RequestID string
	// TraceParent is the W3C trace context of the request, or empty.
	TraceParent string
}

// Subscriber is one device that follows sessions. The calls come one at a time
// for a session, in order, and must never block; what is passed must not be
// changed. A Subscriber is comparable: the same one is subscribed once.
type Subscriber interface {
	// Durable gets a durable frame. A frame of type gap stands for those that
	// are no longer kept; its Seq is that of the last of them.
	Durable(session string, f Frame)
	// Delta gets more text of a turn, offset code points after its beginning.
	Delta(session, turn string, offset int, text string)
}

// Watcher is a Subscriber that also shows what is not kept, such as a place in
// a queue. The frame is JSON and must not be changed; it may be left out.
type Watcher interface {
	Passing(session string, frame []byte)
}

// Log is told what only the operator can act on. *slog.Logger and
// hclog.Logger are ones.
type Log interface {
	Debug(msg string, args ...any)
	Warn(msg string, args ...any)
	Error(msg string, args ...any)
}

// The keys of log lines; package telemetry documents them.
const (
	keySession = "session"
	keyTurn    = "turn"
	keyTurns   = "turns"
	keyRequest = "request_id"
	keyError   = "error"
)

// Options are what the sessions need of the other rooms. Store and Answerer
// have to be there, all else has a default.
type Options struct {
	Store    Store
	Answerer turn.Answerer
	Log      Log
	Now      func() time.Time
	// NewID makes ids of sessions and turns: unguessable, of [a-z0-9_-].
	NewID func() string

	// Detect tells an utterance's language; own is the end user's, or empty.
	Detect func(text, own string) string
	// Clean takes out of what an end user says, and calls a session, what must
	// not be kept; nil keeps it as it is.
	Clean func(text string) string
	// IsStop says whether an utterance is a stop word alone.
	IsStop func(text string) bool
	// ParseReply reads an utterance as the answer to a question.
	ParseReply func(kind turn.QuestionKind, options []turn.Option, lang, text string) (value string, ok bool)
	// TitleOf makes a session's title from its first utterance.
	TitleOf func(text string) string
	// FailureText is what the end user reads when a turn fails with a code.
	FailureText func(lang, code string) string
	// FailureOf tells the code of an answerer's error, and the sentence it has
	// for the end user, if it has one.
	FailureOf func(err error) (code, message string)

	QuestionTTL  time.Duration // how long a question waits; default 2m
	IdleAfter    time.Duration // a session that no one uses leaves memory; default 10m
	StopGrace    time.Duration // what a stopped answerer gets to end by itself; default 100ms
	MaxQueue     int           // turns that wait in a session; default 16
	MaxTemporary int           // sessions kept in memory only; default 1000
	MaxAnswer    int           // bytes of one answer; default 1 MiB
	MaxReplay    int           // bytes of frames that a resume gets; default 512 KiB
	History      int           // messages that a turn gets; default 40

	// StopUnwatched is whether what runs ends when the last device that follows
	// it is gone; else it goes on, and is there when the device comes back.
	StopUnwatched bool

	// TurnDone is told of each turn's end, and how long after its utterance came.
	TurnDone func(source turn.Source, took time.Duration)
	// FirstDelta is told how long after its utterance a turn's first text came.
	FirstDelta func(took time.Duration)
	// QueueDepth is told how many turns wait in all sessions, when it changes.
	QueueDepth func(waiting int)
}

// checkpointEvery is how often the text of a running turn is kept on disk.
const checkpointEvery = time.Second

func (o Options) withDefaults() Options {
	orDuration(&o.QuestionTTL, 2*time.Minute)
	orDuration(&o.IdleAfter, 10*time.Minute)
	orDuration(&o.StopGrace, 100*time.Millisecond)
	orInt(&o.MaxQueue, 16)
	orInt(&o.MaxTemporary, 1000)
	orInt(&o.MaxAnswer, 1<<20)
	orInt(&o.MaxReplay, 512<<10)
	orInt(&o.History, 40)
	if o.Log == nil {
		o.Log = silent{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = func() string { return strings.ToLower(rand.Text()[:16]) } // 80 bits
	}
	o.languageDefaults()
	if o.TurnDone == nil {
		o.TurnDone = func(turn.Source, time.Duration) {}
	}
	if o.FirstDelta == nil {
		o.FirstDelta = func(time.Duration) {}
	}
	if o.QueueDepth == nil {
		o.QueueDepth = func(int) {}
	}
	return o
}

func (o *Options) languageDefaults() {
	if o.Clean == nil {
		o.Clean = func(text string) string { return text }
	}
	if o.Detect == nil {
		o.Detect = func(_, own string) string {
			if own == "" {
				return "en"
			}
			return own
		}
	}
	if o.IsStop == nil {
		o.IsStop = func(string) bool { return false }
	}
	if o.ParseReply == nil {
		o.ParseReply = func(turn.QuestionKind, []turn.Option, string, string) (string, bool) { return "", false }
	}
	if o.TitleOf == nil {
		o.TitleOf = title
	}
	if o.FailureText == nil {
		o.FailureText = func(string, string) string { return "" }
	}
	if o.FailureOf == nil {
		o.FailureOf = failureOf
	}
}

func orDuration(d *time.Duration, def time.Duration) {
	if *d <= 0 {
		*d = def
	}
}

func orInt(n *int, def int) {
	if *n <= 0 {
		*n = def
	}
}

// silent is the log of those who gave none.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
