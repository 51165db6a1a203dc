package supervisor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// Options is what a [Supervisor] needs.
type Options struct {
	Plugins []Config
	DataDir string // verified copies and records go to its folder plugins
	// Shim is the program and first arguments that run [launch.Shim]; empty
	// contains plugins less well.
	Shim []string
	// Memory limits each plugin's data in bytes; 0 is no limit.
	Memory int64
	// AutoMTLS encrypts the connections with certificates made for one start.
	AutoMTLS    bool
	HostVersion string // what a manifest's min_host is compared with
	// Clock is what Since, quarantine and durations are measured with; nil is
	// time.Now.
	Clock func() time.Time
	// Jitter spreads a wait before a restart; nil takes half to all of it.
	Jitter func(time.Duration) time.Duration
	// Log takes what plugins log, one line at a time for each; it must return
	// quickly. Nil drops all.
	Log func(plugin string, line launch.Line)
	// OnChange is called when what Ready returns has changed, one call at a
	// time, from a plugin's goroutine: it must not enable, disable, restart or
	// stop.
	OnChange func()
	Observe  Observe
	// Services let plugins ask the host for something; nil: they can't.
	Services Services
}

// Services admits processes of plugins to what the host does for them.
type Services interface {
	// Admit lets one process in, with what was granted to it. What it returns is
	// handed to the process, and is void after Leave.
	Admit(plugin string, granted []sdk.Need) (sdk.HostAccess, Pass)
}

// Pass is one process's right to ask.
type Pass interface {
	// Begin says that a call or event runs in the process; until end, it may act
	// for that one's end user.
	Begin(info sdk.CallInfo) (end func())
	// Grant replaces what was granted.
	Grant(granted []sdk.Need)
	Leave()
}

// Observe takes what is worth counting. Every member may be nil; all are called
// from several goroutines and must return quickly.
type Observe struct {
	State   func(plugin string, state State, reason string)
	Restart func(plugin string)
	// Call is told how each call ended; code is empty when it worked.
	Call func(plugin, tool string, took time.Duration, code sdk.Code)
}

// Config is one plugin as the operator configured it.
type Config struct {
	ID      string          // must equal the id in its manifest
	Path    string          // its program
	Env     []string        // added to the few variables that a plugin gets
	Values  json.RawMessage // its own configuration, a JSON object; nil is {}
	Enabled bool
	// IdleAfter is how long the plugin runs without a call before its process
	// ends; the next call or event starts it. 0 lets it run.
	IdleAfter time.Duration
	// Brokered takes the plugin its own TCP, where the kernel can, and lets it connect
	// through the host's services.
	Brokered bool
	SHA256   string // the approved hash of the program in hex; empty takes any
	// Grants are the needs that the operator approved. A plugin whose manifest
	// names another is blocked.
	Grants []sdk.Need
	// GrantAll approves whatever the manifest names: for the project's own
	// plugins, which come with the host.
	GrantAll bool
}

// timing holds the durations of the state machine, so that tests of real
// processes need not wait for them.
type timing struct {
	start         time.Duration // until a plugin must be ready
	health        time.Duration // between health calls
	healthTimeout time.Duration
	again         time.Duration // after a health call that failed
	misses        int           // failed health calls until a restart
	linger        time.Duration // what a cancelled call may take to end
	drain         time.Duration // for running calls, at disable and restart
	restart       time.Duration // how long a call waits for a restarting plugin
	call          time.Duration // the deadline of a call whose tool has none
}

func defaultTiming() timing {
	return timing{
		start: 5 * time.Second, health: 10 * time.Second, healthTimeout: 2 * time.Second,
		again: time.Second, misses: 3, linger: 2 * time.Second, drain: time.Second,
		restart: 2 * time.Second, call: 10 * time.Second,
	}
}

func (o Options) complete() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = func(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
	}
	if o.Log == nil {
		o.Log = func(string, launch.Line) {}
	}
	if o.OnChange == nil {
		o.OnChange = func() {}
	}
	if o.Observe.State == nil {
		o.Observe.State = func(string, State, string) {}
	}
	if o.Observe.Restart == nil {
		o.Observe.Restart = func(string) {}
	}
	if o.Observe.Call == nil {
		o.Observe.Call = func(string, string, time.Duration, sdk.Code) {}
	}
	return o
}

var validID = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func (o Options) check() error {
	seen := map[string]bool{}
	for _, c := range o.Plugins {
		if !validID.MatchString(c.ID) {
			return fmt.Errorf("plugin id %q: expected a lower-case letter, then up to 63 letters, digits or _", c.ID)
		}
		if seen[c.ID] {
			return fmt.Errorf("plugin id %q: configured twice", c.ID)
		}
		seen[c.ID] = true
	}
	if o.DataDir == "" {
		return fmt.Errorf("plugin data folder %q: expected a path", o.DataDir)
	}
	return nil
}

func (c Config) values() json.RawMessage {
	return json.RawMessage(cmp.Or(string(c.Values), "{}"))
}
