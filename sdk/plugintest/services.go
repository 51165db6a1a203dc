package plugintest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/address"
	"github.com/jarvis-host/jarvis/sdk/cron"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

// Notice is a notice that the plugin sent.
type Notice struct {
	ID   string
	User string
	sdk.Notice
	// Withdrawn and Acknowledged tell what became of it.
	Withdrawn, Acknowledged bool
}

// Said is what the plugin said in a conversation, outside of its answers.
type Said struct {
	User, Session, Text string
}

// fake is the services of the test's host: it keeps everything in memory, and
// refuses what was not granted, as a host does.
type fake struct {
	now  func() time.Time
	zone string

	mu       sync.Mutex
	gone     bool
	granted  []sdk.Need
	calls    map[string]sdk.CallInfo // that run
	version  int64
	values   map[valueKey]sdk.Value
	plans    []plan
	notices  []Notice
	connect  func(ctx context.Context, hostPort string) (net.Conn, error)
	settings json.RawMessage
	visited  map[string]string // the users of the sessions that it was called in
	said     []Said
	answers  []string
	respond  func(sdk.Prompt) (string, error)
	prompts  []sdk.Prompt
	secrets  map[string]string
	memories []sdk.Memory
}

type valueKey struct {
	scope       sdk.Scope
	owner, name string
}

type plan struct {
	sdk.Pending
	info sdk.CallInfo // of the call that made it
}

var _ sdk.Services = (*fake)(nil)

func fault(code sdk.Code, format string, args ...any) error {
	return &sdk.Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// ask begins every service: it returns on whose behalf it is. The caller holds
// the lock.
func (f *fake) ask(call, kind, scope string, personal bool) (sdk.CallInfo, error) {
	if f.gone {
		return sdk.CallInfo{}, fault(sdk.CodeUnavailable, "the host is gone")
	}
	if !slices.ContainsFunc(f.granted, func(n sdk.Need) bool { return n.Kind == kind && n.Scope == scope }) {
		return sdk.CallInfo{}, fault(sdk.CodeForbidden, "%q was not granted: declare it with Needs(%q, %q, \"why\")", strings.TrimSpace(kind+" "+scope), kind, scope)
	}
	info, runs := f.calls[call]
	switch {
	case call != "" && !runs:
		return info, fault(sdk.CodeForbidden, "call %s does not run any more", call)
	case personal && info.User == "":
		return info, fault(sdk.CodeForbidden, "this concerns an end user: use it in a tool or an event, on its Call")
	}
	return info, nil
}

func (f *fake) begin(info sdk.CallInfo) (end func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[info.Call] = info
	if info.Session != "" && info.User != "" {
		f.visited[info.Session] = info.User
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.calls, info.Call)
	}
}

// key finds whose value is meant.
func (f *fake) key(call string, scope sdk.Scope, name string) (valueKey, error) {
	info, err := f.ask(call, sdk.NeedKV, "", scope != sdk.ForAll)
	k := valueKey{scope: scope, name: name}
	switch scope {
	case sdk.ForUser:
		k.owner = info.User
	case sdk.ForSession:
		k.owner = info.Session
	case sdk.ForAll:
	}
	if err == nil && (name == "" || len(name) > sdk.MaxKey) {
		err = fault(sdk.CodeInvalid, "key has %d bytes, expected 1 to %d", len(name), sdk.MaxKey)
	}
	return k, err
}

// at returns a value that is there now, or nil.
func (f *fake) at(k valueKey) *sdk.Value {
	v, ok := f.values[k]
	if !ok || !v.Expires.IsZero() && !f.now().Before(v.Expires) {
		return nil
	}
	return &v
}

// GetValue implements [sdk.Services].
func (f *fake) GetValue(_ context.Context, call string, scope sdk.Scope, name string) (*sdk.Value, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.key(call, scope, name)
	if err != nil {
		return nil, err
	}
	return f.at(k), nil
}

func (f *fake) compare(k valueKey, want *int64) error {
	var got int64
	if v := f.at(k); v != nil {
		got = v.Version
	}
	if want != nil && *want != got {
		return fault(sdk.CodeConflict, "value has version %d, expected %d", got, *want)
	}
	return nil
}

// SetValue implements [sdk.Services].
func (f *fake) SetValue(_ context.Context, call string, scope sdk.Scope, name string, data []byte, ttl time.Duration, ifVersion *int64) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.key(call, scope, name)
	if err == nil {
		err = f.compare(k, ifVersion)
	}
	if err == nil && len(data) > sdk.MaxValue {
		err = fault(sdk.CodeTooLarge, "value has %d bytes, expected at most %d", len(data), sdk.MaxValue)
	}
	if err != nil {
		return 0, err
	}
	f.version++
	v := sdk.Value{Data: slices.Clone(data), Version: f.version}
	if ttl > 0 {
		v.Expires = f.now().Add(ttl)
	}
	f.values[k] = v
	return v.Version, nil
}

// DeleteValue implements [sdk.Services].
func (f *fake) DeleteValue(_ context.Context, call string, scope sdk.Scope, name string, ifVersion *int64) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.key(call, scope, name)
	if err == nil {
		err = f.compare(k, ifVersion)
	}
	if err != nil {
		return false, err
	}
	found := f.at(k) != nil
	delete(f.values, k)
	return found, nil
}

// ListValues implements [sdk.Services].
func (f *fake) ListValues(_ context.Context, call string, scope sdk.Scope, prefix, after string, limit int) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	want, err := f.key(call, scope, "any")
	if err != nil {
		return nil, err
	}
	var names []string
	for k := range f.values {
		if k.scope == want.scope && k.owner == want.owner && strings.HasPrefix(k.name, prefix) && k.name > after && f.at(k) != nil {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), cmp.Or(limit, len(names)))], nil
}

// PutSchedule implements [sdk.Services].
func (f *fake) PutSchedule(_ context.Context, call string, s sdk.Schedule) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.ask(call, sdk.NeedSchedule, "", false)
	if err != nil {
		return time.Time{}, err
	}
	if s.Name == "" {
		return time.Time{}, fault(sdk.CodeInvalid, "schedule: name is empty")
	}
	next, err := f.next(s, f.now())
	if err != nil {
		return time.Time{}, &sdk.Error{Code: sdk.CodeInvalid, Err: err}
	}
	f.drop(info.User, s.Name)
	f.plans = append(f.plans, plan{sdk.Pending{Schedule: s, Next: next}, info})
	return next, nil
}

func (f *fake) next(s sdk.Schedule, after time.Time) (time.Time, error) {
	switch {
	case !s.At.IsZero() && s.Every == 0 && s.Cron == "":
		return s.At, nil
	case s.At.IsZero() && s.Every >= sdk.MinEvery && s.Cron == "":
		return after.Add(s.Every), nil
	case !s.At.IsZero() || s.Every != 0:
		return time.Time{}, fmt.Errorf("schedule %q: expected exactly one of at, every (from %v) and cron", s.Name, sdk.MinEvery)
	}
	times, err := cron.Parse(s.Cron)
	if err != nil {
		return time.Time{}, err
	}
	zone, err := time.LoadLocation(cmp.Or(s.TimeZone, f.zone))
	if err != nil {
		return time.Time{}, fmt.Errorf("schedule %q: %w", s.Name, err)
	}
	return times.Next(after.In(zone)), nil
}

func (f *fake) drop(user, name string) bool {
	before := len(f.plans)
	f.plans = slices.DeleteFunc(f.plans, func(p plan) bool { return p.info.User == user && p.Name == name })
	return len(f.plans) < before
}

// ListSchedules implements [sdk.Services].
func (f *fake) ListSchedules(_ context.Context, call string) ([]sdk.Pending, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.ask(call, sdk.NeedSchedule, "", false)
	if err != nil {
		return nil, err
	}
	var all []sdk.Pending
	for _, p := range f.plans {
		if p.info.User == info.User {
			all = append(all, p.Pending)
		}
	}
	slices.SortStableFunc(all, func(a, b sdk.Pending) int { return a.Next.Compare(b.Next) })
	return all, nil
}

// CancelSchedule implements [sdk.Services].
func (f *fake) CancelSchedule(_ context.Context, call, name string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.ask(call, sdk.NeedSchedule, "", false)
	return err == nil && f.drop(info.User, name), err
}

// due takes the plan that is due first at a moment, and keeps its next time.
func (f *fake) due(now time.Time) (plan, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.SortStableFunc(f.plans, func(a, b plan) int { return a.Next.Compare(b.Next) })
	if len(f.plans) == 0 || f.plans[0].Next.After(now) {
		return plan{}, false
	}
	p := f.plans[0]
	next, err := f.next(p.Schedule, p.Next)
	if err != nil || !p.At.IsZero() {
		f.plans = f.plans[1:]
	} else {
		f.plans[0].Next = next
	}
	return p, true
}

// Notify implements [sdk.Services].
func (f *fake) Notify(_ context.Context, call string, n sdk.Notice) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.ask(call, sdk.NeedNotify, "", true)
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(n.Text) == "" || len([]rune(n.Text)) > sdk.MaxNotice {
		return "", fault(sdk.CodeInvalid, "notice: text has %d characters, expected 1 to %d", len([]rune(n.Text)), sdk.MaxNotice)
	}
	n.Kind = cmp.Or(n.Kind, "plugin")
	id := "notice-" + strconv.Itoa(len(f.notices)+1)
	f.notices = append(f.notices, Notice{ID: id, User: info.User, Notice: n})
	return id, nil
}

// WithdrawNotice implements [sdk.Services].
func (f *fake) WithdrawNotice(_ context.Context, call, id string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.ask(call, sdk.NeedNotify, "", true)
	if err != nil {
		return false, err
	}
	for i, n := range f.notices {
		if n.ID == id && n.User == info.User && !n.Withdrawn && !n.Acknowledged {
			f.notices[i].Withdrawn = true
			return true, nil
		}
	}
	return false, nil
}

// errNoNetwork is what a connection ends with where the test has none.
var errNoNetwork = errors.New("the test has no network for connections: give it one with Connections")

// Dial implements [sdk.Services].
func (f *fake) Dial(ctx context.Context, call, hostPort string) (net.Conn, error) {
	f.mu.Lock()
	gone, dial, over := f.gone, f.connect, false
	if _, runs := f.calls[call]; call != "" && !runs {
		over = true
	}
	var scopes []string
	for _, n := range f.granted {
		if n.Kind == sdk.NeedNet {
			scopes = append(scopes, n.Scope)
		}
	}
	settings := f.settings
	f.mu.Unlock()
	host, port, err := net.SplitHostPort(hostPort)
	switch {
	case gone:
		return nil, fault(sdk.CodeUnavailable, "the host is gone")
	case over:
		return nil, fault(sdk.CodeForbidden, "call %s does not run any more", call)
	case err != nil:
		return nil, fault(sdk.CodeInvalid, "place %q: expected host:port", hostPort)
	}
	if _, granted := address.Granted(scopes, settings, host, port); !granted {
		return nil, fault(sdk.CodeForbidden, "no net need that covers %s was granted", hostPort)
	}
	if dial == nil {
		return nil, &sdk.Error{Code: sdk.CodeUnavailable, Err: errNoNetwork}
	}
	return dial(ctx, hostPort)
}

// Say implements [sdk.Services].
func (f *fake) Say(_ context.Context, call, session, text string) (sdk.Said, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.ask(call, sdk.NeedSession, "", false)
	if err != nil {
		return sdk.Said{}, err
	}
	session = cmp.Or(session, info.Session)
	owner := f.visited[session]
	switch chars := len([]rune(text)); {
	case owner == "", info.User != "" && info.User != owner:
		return sdk.Said{}, fault(sdk.CodeForbidden, "the plugin was not called in session %q", session)
	case strings.TrimSpace(text) == "":
		return sdk.Said{}, fault(sdk.CodeInvalid, "text is empty")
	case chars > sdk.MaxSaid:
		return sdk.Said{}, fault(sdk.CodeTooLarge, "text has %d characters, expected at most %d", chars, sdk.MaxSaid)
	}
	f.said = append(f.said, Said{User: owner, Session: session, Text: text})
	return sdk.Said{Turn: "turn-" + strconv.Itoa(len(f.said))}, nil
}

// errNoScript is what a model without a script answers.
var errNoScript = errors.New("the test's model has no answer left: add one with Model or Models")

// Generate implements [sdk.Services].
func (f *fake) Generate(_ context.Context, call string, p sdk.Prompt) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		text, err := f.generate(call, p)
		if err != nil {
			yield("", err)
			return
		}
		for piece := range strings.SplitAfterSeq(text, " ") {
			if !yield(piece, nil) {
				return
			}
		}
	}
}

func (f *fake) generate(call string, p sdk.Prompt) (string, error) {
	f.mu.Lock()
	_, err := f.ask(call, sdk.NeedLLM, "", false)
	respond := f.respond
	if err == nil {
		f.prompts = append(f.prompts, p)
	}
	if err == nil && len(f.answers) > 0 {
		answer := f.answers[0]
		f.answers = f.answers[1:]
		f.mu.Unlock()
		return answer, nil
	}
	f.mu.Unlock()
	switch {
	case err != nil:
		return "", err
	case respond == nil:
		return "", &sdk.Error{Code: sdk.CodeUnavailable, Err: errNoScript}
	}
	return respond(p)
}

// vectorSize is the length of the test's vectors.
const vectorSize = 64

// Embed implements [sdk.Services]: texts that share words are near each other.
func (f *fake) Embed(_ context.Context, call string, texts []string) (string, [][]float32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.ask(call, sdk.NeedLLM, "", false); err != nil {
		return "", nil, err
	}
	var all [][]float32
	for _, text := range texts {
		v := make([]float32, vectorSize)
		for word := range strings.FieldsSeq(strings.ToLower(text)) {
			h := fnv.New32a()
			_, _ = h.Write([]byte(word)) // it never fails
			v[h.Sum32()%vectorSize]++
		}
		all = append(all, v)
	}
	return "test", all, nil
}

// Secret implements [sdk.Services].
func (f *fake) Secret(_ context.Context, call, name string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.ask(call, sdk.NeedSecret, name, false); err != nil {
		return "", err
	}
	v, ok := f.secrets[name]
	if !ok {
		return "", fault(sdk.CodeNotFound, "secret %s is not set: set it with plugintest.Secret", name)
	}
	return v, nil
}

// SearchMemory implements [sdk.Services]: what shares a word with the query.
func (f *fake) SearchMemory(_ context.Context, call, query string, limit int) ([]sdk.Memory, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.ask(call, sdk.NeedMemory, "read", true); err != nil {
		return nil, err
	}
	words := strings.Fields(strings.ToLower(query))
	var found []sdk.Memory
	for _, m := range f.memories {
		shares := func(w string) bool { return slices.Contains(words, w) }
		if slices.ContainsFunc(strings.Fields(strings.ToLower(m.Text)), shares) {
			found = append(found, m)
		}
	}
	return found[:min(len(found), cmp.Or(limit, 10))], nil
}

// Remember implements [sdk.Services].
func (f *fake) Remember(_ context.Context, call, text string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.ask(call, sdk.NeedMemory, "write", true); err != nil {
		return "", err
	}
	f.version++
	m := sdk.Memory{ID: "memory-" + strconv.FormatInt(f.version, 10), Text: text, At: f.now()}
	f.memories = append(f.memories, m)
	return m.ID, nil
}

// Forget implements [sdk.Services].
func (f *fake) Forget(_ context.Context, call, id string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.ask(call, sdk.NeedMemory, "write", true); err != nil {
		return false, err
	}
	before := len(f.memories)
	f.memories = slices.DeleteFunc(f.memories, func(m sdk.Memory) bool { return m.ID == id })
	return len(f.memories) < before, nil
}

// serve puts the services on a socket, as a host does.
func (f *fake) serve() (a sdk.HostAccess, stop func(), err error) {
	dir, err := os.MkdirTemp("", "jv-test-")
	if err != nil {
		return a, nil, err
	}
	a = sdk.HostAccess{Socket: filepath.Join(dir, "host"), Token: "test"}
	lis, err := net.Listen("unix", a.Socket)
	if err != nil {
		return a, nil, errors.Join(err, os.RemoveAll(dir))
	}
	srv := wire.NewServer(nil)
	wire.RegisterHost(srv, func(token string) sdk.Services {
		if token != a.Token {
			return nil
		}
		return f
	})
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(lis) }) // ends with Stop
	return a, func() {
		srv.Stop()
		served.Wait()
		_ = os.RemoveAll(dir)
	}, nil
}
