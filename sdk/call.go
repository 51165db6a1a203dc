package sdk

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Call is one tool call as its author sees it. It is valid until the tool's
// function returns, and safe for concurrent use by what that function starts.
type Call struct {
	Host

	plugin *Plugin
	in     *Invocation
	emit   func(Event) // hands an event over; returns when it was taken or the call is over

	mu        sync.Mutex
	texts     int  // how many texts were handed over
	questions int  // how many questions were put, with the answered ones
	waiting   bool // a question is open: the call is about to end
	res       Result
}

// Info says on whose behalf and where from the call comes.
func (c *Call) Info() CallInfo { return c.in.Info }

// Locale is the language to answer in, "fr" or "en": the person's if the
// plugin knows it, else the plugin's first one.
func (c *Call) Locale() string {
	lang := baseLang(c.in.Info.Locale)
	known := c.plugin.manifest.Languages
	if len(known) > 0 && !slices.Contains(known, lang) {
		return known[0]
	}
	return lang
}

// T returns the plugin's text for a key in the call's language. Names and
// values alternate in the list; each {name} in the text becomes its value:
//
//	c.T("left", "count", 3)
//
// A key that no text has is returned as it is, and logged.
func (c *Call) T(key string, namesAndValues ...any) string {
	text, ok := c.plugin.texts.find(c.Locale(), key)
	if !ok {
		c.Log().Error("text is missing", "key", key, "lang", c.Locale())
		return key
	}
	return fill(c.Locale(), text, pairs(namesAndValues))
}

// own returns a text of the SDK itself.
func (c *Call) own(key string, namesAndValues ...any) string {
	return ownText(c.Locale(), key, namesAndValues...)
}

func ownText(lang, key string, namesAndValues ...any) string {
	text, _ := own.find(lang, key)
	return fill(lang, text, pairs(namesAndValues))
}

// Zone is the person's time zone; UTC when the host does not know it.
func (c *Call) Zone() *time.Location {
	zone, err := time.LoadLocation(c.in.Info.TimeZone)
	if err != nil {
		c.Log().Warn("time zone is unknown", "zone", c.in.Info.TimeZone)
		return time.UTC
	}
	return zone
}

// Now is the time in the person's zone.
func (c *Call) Now() time.Time { return c.plugin.now().In(c.Zone()) }

// Text says a piece of the answer before its end. The whole answer is all
// pieces and then the result's text. Texts before a question that was answered
// already are not said again.
func (c *Call) Text(text string) {
	if c.live(1) {
		c.emit(Text{Text: text})
	}
}

// Progress tells how far the call has come: 0 to 1, negative when unknown,
// and a few words in the call's language.
func (c *Call) Progress(fraction float64, message string) {
	if c.live(0) {
		c.emit(Progress{Fraction: fraction, Message: message})
	}
}

// live tells whether the run is past what earlier runs of this call did.
func (c *Call) live(texts int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting || c.questions < len(c.in.Answers) {
		return false
	}
	c.texts += texts
	return true
}

func (c *Call) spoke() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.texts > 0
}

// Listen asks for the floor: the session's next utterances go to the tool
// first, as its string argument slot, until ttl has passed without one. A call
// that holds the floor and does not ask again gives it back.
func (c *Call) Listen(tool, slot string, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.res.Listen = &Listen{Tool: tool, Slot: slot, TTL: ttl}
}

// NotMine returns the error with which a tool that holds the floor says that
// the utterance does not concern it: the next stage answers, the plugin keeps
// the floor and its state.
func (c *Call) NotMine() error { return &ending{NotMine{}} }

// NotMineOr is NotMine with a text that is said when no sentence of another
// plugin knows better; no model is asked then.
func (c *Call) NotMineOr(fallback string) error { return &ending{NotMine{Fallback: fallback}} }

// ending is an error that ends a call in a way that is no failure.
type ending struct{ ev Event }

// Error says what the author forgot to do with it.
func (e *ending) Error() string {
	return fmt.Sprintf("tool must return this error: it ends the call with a %T", e.ev)
}

// Log returns a logger whose records carry the call's ids.
func (c *Call) Log() *slog.Logger {
	log := c.plugin.Log().With("tool", c.in.Tool, "call", c.in.Info.Call, "request_id", c.in.Info.RequestID)
	if parts := strings.Split(c.in.Info.TraceParent, "-"); len(parts) > 1 {
		log = log.With("trace_id", parts[1])
	}
	return log
}

// HTTP returns a client that reaches the granted net needs and nothing else,
// not by a redirect either, and not by a name that leads into the network of the
// house: only what the operator wrote into the configuration, or an address that
// the need names itself, may be there. It gives up after 10 seconds, refuses answers over
// 4 MiB, and repeats requests that may be repeated on 429, 5xx and lost
// connections, as long as the request's context has time. Build requests with
// the call's context. Each carries the call's request id as X-Request-ID,
// and its trace context, if it has one, as traceparent.
func (c *Call) HTTP() *http.Client { return naming(c.plugin.HTTP(), c.in.Info) }

// State returns the session state that this plugin returned last. had is false
// when there is none.
func State[T any](c *Call) (v T, had bool, err error) {
	if len(c.in.State) == 0 || string(c.in.State) == "null" {
		return v, false, nil
	}
	if err := json.Unmarshal(c.in.State, &v); err != nil {
		return v, true, fmt.Errorf("decode session state: %w", err)
	}
	return v, true, nil
}

// SetState keeps v as the session's state, as JSON, when the call ends with a
// result. It may weigh at most MaxState bytes.
func (c *Call) SetState(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode session state: %w", err)
	}
	if len(raw) > MaxState {
		return tooMuchState(len(raw))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.res.State = raw
	return nil
}

// ClearState removes the session's state when the call ends with a result.
func (c *Call) ClearState() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.res.State = json.RawMessage("null")
}

func tooMuchState(n int) error {
	return fmt.Errorf("session state weighs %d bytes, expected at most %d", n, MaxState)
}

// finish completes a result with what was set on the call.
func (c *Call) finish(r Result) (Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.State == nil {
		r.State = c.res.State
	}
	if r.Listen == nil {
		r.Listen = c.res.Listen
	}
	if len(r.State) > MaxState {
		return Result{}, tooMuchState(len(r.State))
	}
	for _, raw := range []json.RawMessage{r.State, r.Data} {
		if len(raw) > 0 && !json.Valid(raw) {
			return Result{}, fmt.Errorf("result holds %.40q, expected JSON", raw)
		}
	}
	return r, nil
}
