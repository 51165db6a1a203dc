package sdk

import (
	"context"
	"encoding/json"
	"iter"
	"net"
	"time"
)

// Services is what a host does for one plugin: the contract jarvis.host.v1
// without its wire. Hosts and the test kit implement it; authors use [Host].
//
// call is the id of the running tool call or event on whose behalf the plugin
// asks: the host knows whose it is. It is empty outside of calls, where only
// what belongs to nobody is in reach.
//
// Errors are [*Error]: forbidden names the need that was not granted, conflict
// a comparison that did not hold, too_large a quota or budget that is used up.
// All methods may be called concurrently.
type Services interface {
	Values
	Schedules
	Notices
	Models
	Memories
	Sessions
	// Dial connects to host:port, which a net need must cover. The context bounds the
	// beginning alone. The connection has a method CloseWrite.
	Dial(ctx context.Context, call, hostPort string) (net.Conn, error)
	// Secret returns a secret that was granted.
	Secret(ctx context.Context, call, name string) (string, error)
}

// Values keeps small values for a plugin.
type Values interface {
	// GetValue returns a value, or nil when there is none.
	GetValue(ctx context.Context, call string, scope Scope, key string) (*Value, error)
	// SetValue keeps a value and returns its version. ttl 0 is for ever;
	// ifVersion, unless nil, is the version that must be there, 0 for none.
	SetValue(ctx context.Context, call string, scope Scope, key string, data []byte, ttl time.Duration, ifVersion *int64) (int64, error)
	DeleteValue(ctx context.Context, call string, scope Scope, key string, ifVersion *int64) (found bool, err error)
	// ListValues returns at most limit keys with a prefix that come after one.
	ListValues(ctx context.Context, call string, scope Scope, prefix, after string, limit int) ([]string, error)
}

// Schedules wakes a plugin up at set times.
type Schedules interface {
	PutSchedule(ctx context.Context, call string, s Schedule) (next time.Time, err error)
	ListSchedules(ctx context.Context, call string) ([]Pending, error)
	CancelSchedule(ctx context.Context, call, name string) (found bool, err error)
}

// Notices tells end users something outside of a conversation.
type Notices interface {
	Notify(ctx context.Context, call string, n Notice) (id string, err error)
	WithdrawNotice(ctx context.Context, call, id string) (found bool, err error)
}

// Models answers and embeds.
type Models interface {
	// Generate yields pieces; an answer is whole when the sequence ends without
	// an error.
	Generate(ctx context.Context, call string, p Prompt) iter.Seq2[string, error]
	Embed(ctx context.Context, call string, texts []string) (model string, vectors [][]float32, err error)
}

// Memories is what the host remembers of the current end user.
type Memories interface {
	SearchMemory(ctx context.Context, call, query string, limit int) ([]Memory, error)
	Remember(ctx context.Context, call, text string) (id string, err error)
	Forget(ctx context.Context, call, id string) (found bool, err error)
}

// Sessions are the conversations of end users.
type Sessions interface {
	// Say says something in a session, "" is that of the call.
	Say(ctx context.Context, call, session, text string) (Said, error)
}

// HostAccess is how a plugin reaches the services of its host. The zero value
// means that there are none.
type HostAccess struct {
	Socket string // the path of a Unix socket
	Token  string // a secret; it is good for as long as the process lives
	// Brokered says that the plugin has no network of its own: its connections go
	// through the host.
	Brokered bool
}

// Scope says whom a kept value belongs to.
type Scope int

// The scopes of values.
const (
	// ForUser is the current end user, with this plugin.
	ForUser Scope = iota + 1
	// ForSession is the current session, with this plugin.
	ForSession
	// ForAll is this plugin, whoever uses it.
	ForAll
)

// String returns the scope's name as it stands in logs.
func (s Scope) String() string {
	switch s {
	case ForUser:
		return "user"
	case ForSession:
		return "session"
	case ForAll:
		return "global"
	}
	return "unknown"
}

// Value is what is kept under a key.
type Value struct {
	Data    []byte
	Version int64     // another one after each change
	Expires time.Time // zero is never
}

// The bounds of what a host keeps for a plugin.
const (
	MaxKey          = 256         // bytes of a key
	MaxValue        = 64 << 10    // bytes of a value
	MaxScheduleName = 128         // bytes of a schedule's name
	MaxScheduleData = 16 << 10    // bytes of what is kept with a schedule
	MaxNotice       = 2000        // characters of a notice
	MaxSaid         = 4096        // characters of what is said in a session
	MinEvery        = time.Second // between two times of a schedule
)

// Schedule says when something is due. Exactly one of At, Every and Cron is
// set.
type Schedule struct {
	// Name is the plugin's own for it, unique for the plugin and end user; one
	// of the same name is replaced.
	Name string
	// At is once, at this moment; one that is past is due at once.
	At time.Time
	// Every is again and again, at least MinEvery after each other.
	Every time.Duration
	// Cron is "minute hour day-of-month month day-of-week": numbers, *, lists,
	// ranges, steps, English names; fri#2 is the second and friL the last Friday
	// of a month, L as the day of the month its last.
	Cron string
	// TimeZone is the IANA name of the zone that Cron is read in; empty is the
	// end user's.
	TimeZone string
	// Data comes back with the event; JSON, or nil.
	Data json.RawMessage
}

// Pending is a schedule that is still to fire.
type Pending struct {
	Schedule
	Next time.Time
}

// Notice is something that an end user should know of outside of a
// conversation: kept until a person acknowledged it.
type Notice struct {
	Text string // in the person's language, at most MaxNotice characters
	Kind string // timer, reminder or plugin; empty is plugin
	Due  time.Time
}

// Said is what became of something that a plugin said in a session: one of them is
// set.
type Said struct {
	Turn   string // that says it
	Notice string // in its place, as the session is gone
}

// Prompt asks a language model.
type Prompt struct {
	Messages    []Message
	Temperature *float64        // 0 leaves nothing to chance; nil is the model's own
	MaxTokens   int             // of the answer; 0 is the host's default
	Schema      json.RawMessage // a JSON Schema that the answer must fit; nil is free text
}

// Message is one message of a conversation with a model.
type Message struct {
	Role string // system, user or assistant
	Text string
}

// Memory is something that the host remembers of an end user.
type Memory struct {
	ID   string
	Text string
	At   time.Time
}
