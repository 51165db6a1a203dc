package plugintest

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// Models are what the test's language model answers, one after the other.
func Models(answers ...string) Option {
	return func(s *setup) { s.answers = append(s.answers, answers...) }
}

// Model lets a function answer for the test's language model, when no answer
// of Models is left.
func Model(respond func(sdk.Prompt) (string, error)) Option {
	return func(s *setup) { s.respond = respond }
}

// Secret sets a secret that the plugin may ask for.
func Secret(name, value string) Option {
	return func(s *setup) {
		if s.secrets == nil {
			s.secrets = map[string]string{}
		}
		s.secrets[name] = value
	}
}

// Remembers is what the host remembers of the person from the start.
func Remembers(facts ...string) Option {
	return func(s *setup) { s.facts = append(s.facts, facts...) }
}

// Now is the time of the test: the clock's, moved by Advance.
func (h *Host) Now() time.Time { return h.setup.now().Add(time.Duration(h.ahead.Load())) }

// Advance moves the clock and lets everything fire that is due by then, each at
// its own time, in order. Handlers that fail fail the test.
func (h *Host) Advance(d time.Duration) {
	h.t.Helper()
	until := h.Now().Add(d)
	for {
		p, ok := h.fake.due(until)
		if !ok {
			break
		}
		h.pass(p.Next.Sub(h.Now()))
		h.Fire(p.info, &sdk.Occurrence{Schedule: &sdk.Due{Name: p.Name, Data: p.Data, At: p.Next}})
	}
	h.pass(until.Sub(h.Now()))
}

// pass lets time pass, for a program too.
func (h *Host) pass(d time.Duration) {
	h.t.Helper()
	if d <= 0 {
		return
	}
	h.ahead.Add(int64(d))
	h.tick()
}

// tick tells a program the time, which the test's clock may have changed.
func (h *Host) tick() {
	h.t.Helper()
	if h.program != nil {
		h.program.setClock(h.t)
	}
}

// Fire hands an event to the plugin on behalf of someone: the user, session and
// language of info. It fails the test when the plugin does.
func (h *Host) Fire(info sdk.CallInfo, ev *sdk.Occurrence) {
	h.t.Helper()
	info.Call, info.Origin = h.nextCall(), sdk.OriginEvent
	info.RequestID, info.TimeZone = "request-"+info.Call, h.setup.zone
	ev.Info = info
	switch {
	case ev.Schedule != nil:
		h.note("@", ev.Schedule.Name)
	case ev.Notice != nil:
		h.note("@", ev.Notice.Notice+" acknowledged")
	}
	h.tick()
	defer h.fake.begin(info)()
	ctx, cancel := h.context()
	defer cancel()
	before := len(h.Notices())
	if err := h.client.OnEvent(ctx, ev); err != nil && sdk.ErrorCode(err) != sdk.CodeUnsupported {
		h.t.Errorf("event is not handled: %v\n%s", err, h.Log())
	}
	for _, n := range h.Notices()[before:] {
		h.note("*", n.Text)
	}
}

// Schedules lists what is still to fire for the test's person.
func (h *Host) Schedules() []sdk.Pending {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	var all []sdk.Pending
	for _, p := range h.fake.plans {
		all = append(all, p.Pending)
	}
	slices.SortStableFunc(all, func(a, b sdk.Pending) int { return a.Next.Compare(b.Next) })
	return all
}

// Notices lists everything that the plugin told people, in order.
func (h *Host) Notices() []Notice {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	return slices.Clone(h.fake.notices)
}

// Said lists everything that the plugin said in conversations outside of its answers,
// in order.
func (h *Host) Said() []Said {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	return slices.Clone(h.fake.said)
}

// Acknowledge is what a person does with a notice; the plugin hears of it.
func (h *Host) Acknowledge(id string) {
	h.t.Helper()
	h.fake.mu.Lock()
	i := slices.IndexFunc(h.fake.notices, func(n Notice) bool { return n.ID == id && !n.Acknowledged && !n.Withdrawn })
	if i < 0 {
		h.fake.mu.Unlock()
		h.t.Fatalf("notice %s is not open", id)
	}
	h.fake.notices[i].Acknowledged = true
	user := h.fake.notices[i].User
	h.fake.mu.Unlock()
	h.Fire(sdk.CallInfo{User: user, Locale: h.lang()}, &sdk.Occurrence{Notice: &sdk.Acknowledged{Notice: id}})
}

// Kept decodes a value that the plugin keeps into v; false: there is none. The
// owner is the test's person for sdk.ForUser, the session's name for
// sdk.ForSession, and empty for sdk.ForAll.
func (h *Host) Kept(scope sdk.Scope, owner, key string, v any) bool {
	h.t.Helper()
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	kept := h.fake.at(valueKey{scope, owner, key})
	if kept == nil {
		return false
	}
	if err := json.Unmarshal(kept.Data, v); err != nil {
		h.t.Fatalf("decode value %s: %v", key, err)
	}
	return true
}

// Prompts lists what the plugin asked the language model.
func (h *Host) Prompts() []sdk.Prompt {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	return slices.Clone(h.fake.prompts)
}

// Remembered lists what the host remembers of the person.
func (h *Host) Remembered() []string {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	var facts []string
	for _, m := range h.fake.memories {
		facts = append(facts, m.Text)
	}
	return facts
}

// Metrics returns the plugin's own figures: a name, with its label values in
// braces when it has some, and the value.
func (h *Host) Metrics() map[string]float64 {
	h.t.Helper()
	ctx, cancel := h.context()
	defer cancel()
	all, err := h.client.Metrics(ctx)
	if err != nil {
		h.t.Fatalf("ask for metrics: %v", err)
	}
	out := map[string]float64{}
	for _, m := range all {
		for _, s := range m.Samples {
			var labels []string
			for name, v := range s.Labels {
				labels = append(labels, name+"="+v)
			}
			slices.Sort(labels)
			key := m.Name
			if len(labels) > 0 {
				key += "{" + strings.Join(labels, ",") + "}"
			}
			out[key] = s.Value
		}
	}
	return out
}

// Deny withholds a need from now on, as an operator may.
func (h *Host) Deny(kind, scope string) {
	h.t.Helper()
	h.setup.denied = append(h.setup.denied, sdk.Need{Kind: kind, Scope: scope})
	h.Configure(h.setup.values)
}

// Grant gives a need back.
func (h *Host) Grant(kind, scope string) {
	h.t.Helper()
	h.setup.denied = slices.DeleteFunc(h.setup.denied, func(n sdk.Need) bool { return n.Kind == kind && n.Scope == scope })
	h.Configure(h.setup.values)
}

// Lose makes the host's services unreachable, or reachable again.
func (h *Host) Lose(gone bool) {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	h.fake.gone = gone
}

// Golden compares the conversation so far with a file, and writes the file
// instead where the environment variable UPDATE_GOLDEN is set.
func (s *Session) Golden(file string) {
	s.host.t.Helper()
	if on, _ := strconv.ParseBool(os.Getenv("UPDATE_GOLDEN")); on {
		if err := os.WriteFile(file, []byte(s.Transcript()), 0o600); err != nil {
			s.host.t.Fatalf("write golden conversation: %v", err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		s.host.t.Fatalf("read golden conversation: %v (UPDATE_GOLDEN=1 writes it)", err)
	}
	got, wanted := strings.Split(s.Transcript(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		if g, w := lineOf(got, i), lineOf(wanted, i); g != w {
			s.host.t.Errorf("%s:%d: the conversation is another one (UPDATE_GOLDEN=1 accepts it)\n  was: %s\n  is:  %s", file, i+1, w, g)
			return
		}
	}
}

func lineOf(lines []string, i int) string {
	if i >= len(lines) {
		return "(nothing)"
	}
	return lines[i]
}

// dial reaches the services for the plugin, and ends that with the test.
func (h *Host) dial(wired func(sdk.HostAccess) (sdk.Services, error)) func(sdk.HostAccess) (sdk.Services, error) {
	return func(a sdk.HostAccess) (sdk.Services, error) {
		s, err := wired(a)
		if c, ok := s.(io.Closer); ok {
			h.t.Cleanup(func() { _ = c.Close() })
		}
		return s, err
	}
}

// refresh takes over what the plugin offers now.
func (h *Host) refresh() {
	h.t.Helper()
	if h.program != nil {
		h.program.told(h.amend)
		return
	}
	now, stop := context.WithCancel(context.Background())
	stop() // one look is enough
	_ = h.plugin.Watch(now, func(c sdk.Change) error {
		h.amend(c)
		return nil
	})
}
