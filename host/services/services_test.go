package services_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// toy is a language model.
type toy struct{ cut bool }

func (m toy) Stream(_ context.Context, r llm.Request) iter.Seq2[llm.Event, error] {
	return func(yield func(llm.Event, error) bool) {
		for _, w := range []string{"You said ", r.Messages[len(r.Messages)-1].Content} {
			if !yield(llm.Delta{Text: w}, nil) {
				return
			}
		}
		if !m.cut {
			yield(llm.Finish{Usage: llm.Usage{Model: "toy", PromptTokens: 40, CompletionTokens: 20}}, nil)
		}
	}
}

func (toy) Embed(_ context.Context, r llm.EmbedRequest) (llm.Embeddings, error) {
	out := llm.Embeddings{Usage: llm.Usage{Model: "toy-embed", PromptTokens: 1}}
	for _, t := range r.Texts {
		out.Vectors = append(out.Vectors, []float32{float32(len(t)), 0.5})
	}
	return out, nil
}

// recall remembers nothing but what it was told.
type recall struct {
	mu    sync.Mutex
	facts map[string][]sdk.Memory
}

func (r *recall) SearchMemory(_ context.Context, user, _ string, _ int) ([]sdk.Memory, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.facts[user]), nil
}

func (r *recall) Remember(_ context.Context, plugin, user, _, text string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := fmt.Sprintf("%s-%d", plugin, len(r.facts[user]))
	r.facts[user] = append(r.facts[user], sdk.Memory{ID: id, Text: text, At: noon})
	return id, nil
}

func (r *recall) ForgetMemory(_ context.Context, user, id string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.facts[user])
	r.facts[user] = slices.DeleteFunc(r.facts[user], func(m sdk.Memory) bool { return m.ID == id })
	return len(r.facts[user]) < before, nil
}

// talks are the sessions of people; those that begin with gone are not there.
type talks struct {
	mu   sync.Mutex
	said []string
	err  error
}

func (x *talks) Called(_ context.Context, plugin, session string) (string, error) {
	if plugin == "p" && session == "s_kept" {
		return "alice", nil
	}
	return "", services.ErrNoSession
}

func (x *talks) SpeakUp(_ context.Context, plugin, user, session, text string) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if strings.HasPrefix(session, "gone") {
		return "", services.ErrNoSession
	}
	x.said = append(x.said, strings.Join([]string{plugin, user, session, text}, "|"))
	return fmt.Sprintf("t_%d", len(x.said)), x.err
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// house is a desk with everything behind it.
type house struct {
	*services.Desk
	db       *sqlite.DB
	notices  *notice.Room
	mu       sync.Mutex
	secrets  []string // that are concealed
	refusals []string
}

func open(t *testing.T, change func(*services.Options)) *house {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "jarvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{db: db, notices: notice.New(notice.Options{Store: db, Now: time.Now})}
	o := services.Options{
		Values: db, Notices: h.notices, Model: toy{}, Memory: &recall{facts: map[string][]sdk.Memory{}}, Now: time.Now,
		Schedules: schedule.New(schedule.Options{Store: db, Now: time.Now}),
		Sessions:  &talks{},
		Secret:    func(plugin, name string) (string, bool) { return "s3cret-of-" + plugin, name == "token" },
		Conceal:   func(s string) { h.mu.Lock(); h.secrets = append(h.secrets, s); h.mu.Unlock() },
		Refused: func(plugin, need, method, call string) {
			h.mu.Lock()
			h.refusals = append(h.refusals, strings.Join([]string{plugin, need, method, call}, "|"))
			h.mu.Unlock()
		},
	}
	if change != nil {
		change(&o)
	}
	if h.Desk, err = services.Open(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// everything is every need that there is.
func everything() []sdk.Need {
	return []sdk.Need{
		{Kind: sdk.NeedKV},
		{Kind: sdk.NeedSchedule},
		{Kind: sdk.NeedNotify},
		{Kind: sdk.NeedLLM},
		{Kind: sdk.NeedSession},
		{Kind: sdk.NeedMemory, Scope: "read"},
		{Kind: sdk.NeedMemory, Scope: "write"},
		{Kind: sdk.NeedSecret, Scope: "token"},
		{Kind: sdk.NeedSecret, Scope: "other"},
	}
}

// guest connects a process of a plugin as the SDK does.
func (h *house) guest(t *testing.T, plugin string, granted []sdk.Need) (sdk.Services, *services.Pass) {
	t.Helper()
	access, pass := h.Admit(plugin, granted)
	return dial(t, access), pass
}

func dial(t *testing.T, access sdk.HostAccess) sdk.Services {
	t.Helper()
	s, err := wire.Dial(access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.(io.Closer).Close() })
	return s
}

var alice = sdk.CallInfo{Call: "call_1", User: "alice", Session: "s_1", Locale: "fr", TimeZone: "Europe/Paris"}

func wantCode(t *testing.T, what string, err error, code sdk.Code, words ...string) {
	t.Helper()
	if sdk.ErrorCode(err) != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v does not say %q", what, err, w)
		}
	}
}

// every is one call of every service.
func every(t *testing.T, s sdk.Services, call string) map[string]error {
	t.Helper()
	ctx, errs := t.Context(), map[string]error{}
	_, errs["kv|GetValue"] = s.GetValue(ctx, call, sdk.ForUser, "a")
	_, errs["kv|SetValue"] = s.SetValue(ctx, call, sdk.ForUser, "a", []byte("1"), 0, nil)
	_, errs["kv|DeleteValue"] = s.DeleteValue(ctx, call, sdk.ForUser, "a", nil)
	_, errs["kv|ListValues"] = s.ListValues(ctx, call, sdk.ForUser, "", "", 0)
	_, errs["schedule|PutSchedule"] = s.PutSchedule(ctx, call, sdk.Schedule{Name: "a", Every: time.Hour})
	_, errs["schedule|ListSchedules"] = s.ListSchedules(ctx, call)
	_, errs["schedule|CancelSchedule"] = s.CancelSchedule(ctx, call, "a")
	id, err := s.Notify(ctx, call, sdk.Notice{Text: "x"})
	errs["notify|Notify"] = err
	_, errs["notify|WithdrawNotice"] = s.WithdrawNotice(ctx, call, id)
	for _, err := range s.Generate(ctx, call, sdk.Prompt{Messages: []sdk.Message{{Role: "user", Text: "x"}}}) {
		errs["llm|Generate"] = err
	}
	_, _, errs["llm|Embed"] = s.Embed(ctx, call, []string{"x"})
	_, errs["memory read|SearchMemory"] = s.SearchMemory(ctx, call, "x", 0)
	_, errs["memory write|Remember"] = s.Remember(ctx, call, "x")
	_, errs["memory write|Forget"] = s.Forget(ctx, call, "x")
	_, errs["session|Say"] = s.Say(ctx, call, "", "x")
	_, errs["secret token|GetSecret"] = s.Secret(ctx, call, "token")
	return errs
}

func TestWhatIsGrantedWorksAndWhatIsNotIsRefusedByName(t *testing.T) {
	h := open(t, nil)
	granted, pass := h.guest(t, "p", everything())
	defer pass.Begin(alice)()
	for what, err := range every(t, granted, "call_1") {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	poor, passOfPoor := h.guest(t, "poor", nil)
	defer passOfPoor.Begin(alice)()
	var want []string
	for what, err := range every(t, poor, "call_1") {
		need, method, _ := strings.Cut(what, "|")
		wantCode(t, what, err, sdk.CodeForbidden, fmt.Sprintf("%s needs %q", method, need), "plugins.poor.grants")
		want = append(want, "poor|"+what+"|call_1")
	}
	slices.Sort(want)
	slices.Sort(h.refusals)
	if d := cmp.Diff(want, h.refusals); d != "" {
		t.Errorf("audit: %s", d)
	}
}

func TestATokenIsGoodForItsProcessAndItsLifeAlone(t *testing.T) {
	h := open(t, nil)
	access, pass := h.Admit("p", everything())
	if info, err := os.Stat(filepath.Dir(access.Socket)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder of the socket: %v, %v", info, err)
	}
	if !slices.Contains(h.secrets, access.Token) {
		t.Error("the token is not concealed")
	}
	s := dial(t, access)
	if _, err := s.GetValue(t.Context(), "", sdk.ForAll, "a"); err != nil {
		t.Fatal(err)
	}
	pass.Leave()
	pass.Leave()
	_, err := s.GetValue(t.Context(), "", sdk.ForAll, "a")
	wantCode(t, "after its end", err, sdk.CodeUnauthenticated)
	for _, token := range []string{"", "x", access.Token + "x"} {
		_, err := dial(t, sdk.HostAccess{Socket: access.Socket, Token: token}).GetValue(t.Context(), "", sdk.ForAll, "a")
		wantCode(t, "token "+token, err, sdk.CodeUnauthenticated)
	}
}

func TestAPluginActsForThoseWhoseCallsItRunsAndNoOneElse(t *testing.T) {
	h := open(t, nil)
	s, pass := h.guest(t, "p", everything())
	other, passOfOther := h.guest(t, "q", everything())
	end := pass.Begin(alice)
	defer passOfOther.Begin(sdk.CallInfo{Call: "call_2", User: "bob"})()
	ctx := t.Context()
	if _, err := s.SetValue(ctx, "call_1", sdk.ForUser, "a", []byte("1"), 0, nil); err != nil {
		t.Fatal(err)
	}
	_, err := other.GetValue(ctx, "call_1", sdk.ForUser, "a")
	wantCode(t, "another plugin's call", err, sdk.CodeForbidden, "does not run")
	_, err = other.GetValue(ctx, "call_2", sdk.ForSession, "a")
	wantCode(t, "a call outside of sessions", err, sdk.CodeForbidden, "no session")
	if v, err := other.GetValue(ctx, "call_2", sdk.ForUser, "a"); err != nil || v != nil {
		t.Errorf("another plugin, another user: %+v, %v", v, err)
	}
	for what, err := range every(t, s, "") {
		if strings.HasPrefix(what, "kv|") || strings.HasPrefix(what, "notify|") || strings.HasPrefix(what, "session|") || strings.HasPrefix(what, "memory") {
			wantCode(t, what+" for nobody", err, sdk.CodeForbidden)
		} else if err != nil {
			t.Errorf("%s for nobody: %v", what, err)
		}
	}
	end()
	_, err = s.GetValue(ctx, "call_1", sdk.ForUser, "a")
	wantCode(t, "a call that is over", err, sdk.CodeForbidden, "does not run")
}

func TestValuesAreComparedExpireAndAreBounded(t *testing.T) {
	now := noon
	h := open(t, func(o *services.Options) { o.Now = func() time.Time { return now } })
	s, _ := h.guest(t, "p", everything())
	ctx, none := t.Context(), int64(0)
	first, err := s.SetValue(ctx, "", sdk.ForAll, "a", []byte("1"), time.Minute, &none)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.SetValue(ctx, "", sdk.ForAll, "a", []byte("2"), 0, &none)
	wantCode(t, "a stale write", err, sdk.CodeConflict)
	v, err := s.GetValue(ctx, "", sdk.ForAll, "a")
	if err != nil || string(v.Data) != "1" || v.Version != first || !v.Expires.Equal(noon.Add(time.Minute)) {
		t.Errorf("got %+v, %v", v, err)
	}
	now = now.Add(time.Minute)
	if v, err := s.GetValue(ctx, "", sdk.ForAll, "a"); err != nil || v != nil {
		t.Errorf("got %+v, %v", v, err)
	}
	for what, call := range map[string]func() error{
		"no key": func() error { _, err := s.GetValue(ctx, "", sdk.ForAll, ""); return err },
		"a long key": func() error {
			_, err := s.SetValue(ctx, "", sdk.ForAll, strings.Repeat("k", 257), nil, 0, nil)
			return err
		},
		"a line":    func() error { _, err := s.SetValue(ctx, "", sdk.ForAll, "a\nb", nil, 0, nil); return err },
		"no scope":  func() error { _, err := s.GetValue(ctx, "", 0, "a"); return err },
		"backwards": func() error { _, err := s.SetValue(ctx, "", sdk.ForAll, "a", nil, -1, nil); return err },
		"a limit":   func() error { _, err := s.ListValues(ctx, "", sdk.ForAll, "", "", 2000); return err },
	} {
		wantCode(t, what, call(), sdk.CodeInvalid)
	}
	_, err = s.SetValue(ctx, "", sdk.ForAll, "a", make([]byte, sdk.MaxValue+1), 0, nil)
	wantCode(t, "a large value", err, sdk.CodeTooLarge)
}

func TestNoticesAreCheckedAndReachTheirUser(t *testing.T) {
	h := open(t, nil)
	s, pass := h.guest(t, "p", everything())
	defer pass.Begin(alice)()
	if _, err := s.Notify(t.Context(), "call_1", sdk.Notice{Text: "Les pâtes !", Kind: "timer", Due: time.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	all, err := h.notices.Open(t.Context(), "alice")
	if err != nil || len(all) != 1 || all[0].Text != "Les pâtes !" || all[0].Kind != "timer" || !all[0].Late || all[0].Plugin != "p" {
		t.Errorf("got %+v, %v", all, err)
	}
	for what, n := range map[string]sdk.Notice{"nothing": {Text: " "}, "a strange kind": {Text: "x", Kind: "alarm"}} {
		_, err := s.Notify(t.Context(), "call_1", n)
		wantCode(t, what, err, sdk.CodeInvalid)
	}
	_, err = s.Notify(t.Context(), "call_1", sdk.Notice{Text: strings.Repeat("é", sdk.MaxNotice+1)})
	wantCode(t, "a novel", err, sdk.CodeTooLarge)
}

func TestAModelAnswersWithinThePluginsBudget(t *testing.T) {
	now := noon
	var budget *services.Tokens
	h := open(t, func(o *services.Options) {
		budget = &services.Tokens{Ledger: o.Values.(llm.Ledger), Now: func() time.Time { return now }, Limit: func(payer string) int {
			if payer == "plugin:p" {
				return 100
			}
			return 0
		}}
		o.Budget = budget
	})
	// It used some before a restart.
	if err := h.db.Spend(t.Context(), []llm.Spending{{Day: "2026-05-01", User: "plugin:p", Model: "toy", PromptTokens: 30}}); err != nil {
		t.Fatal(err)
	}
	s, _ := h.guest(t, "p", everything())
	ask := func() (text string, err error) {
		for piece, e := range s.Generate(t.Context(), "", sdk.Prompt{Messages: []sdk.Message{{Role: "user", Text: "hi"}}}) {
			text, err = text+piece, e
		}
		return text, err
	}
	for range 2 {
		if text, err := ask(); err != nil || text != "You said hi" {
			t.Errorf("got %q, %v", text, err)
		}
	}
	_, err := ask()
	wantCode(t, "a third time", err, sdk.CodeTooLarge, "the plugin's budget is 100")
	_, _, err = s.Embed(t.Context(), "", []string{"x"})
	wantCode(t, "embeddings", err, sdk.CodeTooLarge)
	now = now.Add(12 * time.Hour)
	model, vectors, err := s.Embed(t.Context(), "", []string{"one", "three"})
	if d := cmp.Diff([][]float32{{3, 0.5}, {5, 0.5}}, vectors); err != nil || d != "" || model != "toy-embed" {
		t.Errorf("the next day: %v, %s, %s", err, model, d)
	}
	for what, p := range map[string]sdk.Prompt{"nothing": {}, "a tool's role": {Messages: []sdk.Message{{Role: "tool"}}}} {
		for _, err := range s.Generate(t.Context(), "", p) {
			wantCode(t, what, err, sdk.CodeInvalid)
		}
	}
}

func TestAnAnswerThatIsCutOffIsNoAnswer(t *testing.T) {
	h := open(t, func(o *services.Options) { o.Model = toy{cut: true} })
	s, _ := h.guest(t, "p", everything())
	var last error
	for _, err := range s.Generate(t.Context(), "", sdk.Prompt{Messages: []sdk.Message{{Role: "user", Text: "hi"}}}) {
		last = err
	}
	wantCode(t, "a cut answer", last, sdk.CodeUnavailable)
}

func TestSecretsAreConcealedBeforeTheyAreGiven(t *testing.T) {
	h := open(t, nil)
	s, _ := h.guest(t, "p", everything())
	if v, err := s.Secret(t.Context(), "", "token"); err != nil || v != "s3cret-of-p" {
		t.Errorf("got %q, %v", v, err)
	}
	if !slices.Contains(h.secrets, "s3cret-of-p") {
		t.Errorf("concealed are %v", h.secrets)
	}
	_, err := s.Secret(t.Context(), "", "other")
	wantCode(t, "one that is not set", err, sdk.CodeNotFound, "plugins.p.secrets.other")
}

func TestWhatAHostDoesNotHaveIsUnsupported(t *testing.T) {
	h := open(t, func(o *services.Options) { *o = services.Options{Now: time.Now} })
	s, pass := h.guest(t, "p", everything())
	defer pass.Begin(alice)()
	for what, err := range every(t, s, "call_1") {
		if strings.HasPrefix(what, "secret") {
			wantCode(t, what, err, sdk.CodeNotFound)
			continue
		}
		wantCode(t, what, err, sdk.CodeUnsupported)
	}
}

func TestAPanicInTheHostFailsOneCall(t *testing.T) {
	var told string
	h := open(t, func(o *services.Options) {
		o.Secret = func(string, string) (string, bool) { panic("oops") }
		o.Panicked = func(method, value, stack string) { told = method + " " + value + " " + stack }
	})
	s, _ := h.guest(t, "p", everything())
	_, err := s.Secret(t.Context(), "", "token")
	wantCode(t, "a panic", err, sdk.CodeInternal)
	if !strings.Contains(told, "GetSecret oops") || !strings.Contains(told, "services_test.go") {
		t.Errorf("told %q", told)
	}
	if _, err := s.GetValue(t.Context(), "", sdk.ForAll, "a"); err != nil {
		t.Error(err)
	}
}
