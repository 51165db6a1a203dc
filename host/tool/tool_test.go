package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

type vars struct {
	mu sync.Mutex
	m  map[string][]byte
}

func (v *vars) Get(_ context.Context, name string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.m[name], nil
}

func (v *vars) Set(_ context.Context, name string, value []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.m[name] = value
	return nil
}

// inProcess serves one plugin without a process.
type inProcess struct{ p *sdk.Plugin }

func (i inProcess) Invoke(ctx context.Context, _ string, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return i.p.Invoke(ctx, in)
}

// scripted serves whatever a test says.
type scripted func(in *sdk.Invocation) []sdk.Event

func (s scripted) Invoke(_ context.Context, _ string, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return func(yield func(sdk.Event, error) bool) {
		for _, ev := range s(in) {
			if !yield(ev, nil) {
				return
			}
		}
	}
}

type doorArgs struct {
	Door  string `json:"door" desc:"Which door" enum:"front,back"`
	Times int    `json:"times" desc:"How often" min:"1" max:"3" default:"1"`
}

func doors() *sdk.Plugin {
	p := sdk.New("door", "1.0.0", "Doors")
	act := func(_ context.Context, c *sdk.Call, in doorArgs) (string, error) {
		return fmt.Sprintf("%s %d %v", in.Door, in.Times, c.Info().Confirmed), nil
	}
	sdk.Tool(p, "look", "Look at a door", act, sdk.ReadOnly(), sdk.Say("en", "look at the {door} door"))
	sdk.Tool(p, "knock", "Knock", act, sdk.Additive())
	sdk.Tool(p, "open", "Open", act, sdk.Destructive(), sdk.AskFirst(sdk.ConfirmAlways, map[string]string{"en": "Open {door}?"}))
	sdk.Tool(p, "unsaid", "No effect said", act)
	sdk.Tool(p, "which", "Ask which", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		return c.AskChoice("Which?", sdk.Option{Value: "f", Label: "front"}, sdk.Option{Value: "b", Label: "back"})
	}, sdk.ReadOnly())
	return p
}

// stage is a runner over a plugin, with what it yields recorded.
type stage struct {
	*Runner
	t     *testing.T
	turn  *turn.Turn
	steps []string
	reply turn.Reply
	asked []string
}

func newStage(t *testing.T, invoker Invoker, grants Grants) *stage {
	t.Helper()
	c := NewCatalogue()
	m, err := doors().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Replace([]*sdk.Manifest{m}); err != nil {
		t.Fatal(err)
	}
	return &stage{t: t, Runner: &Runner{
		Catalogue: c, Invoker: invoker, Now: time.Now, QuestionTTL: time.Minute,
		Grants: func() Grants { return grants },
		Words:  func(_, key string, args ...any) string { return fmt.Sprint(append([]any{key + " "}, args...)...) },
	}, turn: &turn.Turn{ID: "t", Session: "s", User: "u", Role: turn.RoleUser, Lang: "en", Zone: time.UTC, Vars: &vars{m: map[string][]byte{}}}}
}

func (s *stage) run(name, args string, origin sdk.Origin) Result {
	s.t.Helper()
	s.steps, s.asked = nil, nil
	res, err := s.Run(s.t.Context(), s.turn, Request{Plugin: "door", Tool: name, Args: json.RawMessage(args), Origin: origin}, func(ev turn.Event) bool {
		switch e := ev.(type) {
		case turn.ToolStep:
			s.steps = append(s.steps, string(e.State))
		case *turn.Question:
			s.asked = append(s.asked, e.Text)
			e.Reply = s.reply
		}
		return true
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}

// X02: role by effect by grant, every cell; what is not said to be read-only
// is refused unless the operator granted it.
func TestWhoMayDoWhat(t *testing.T) {
	for _, role := range []turn.Role{turn.RoleUser, turn.RoleOperator, turn.RoleService, turn.RoleGuest, turn.RoleScraper, ""} {
		for _, name := range []string{"look", "knock", "open", "unsaid"} {
			for _, granted := range []bool{false, true} {
				for _, invited := range []bool{false, true} {
					s := newStage(t, inProcess{doors()}, Grants{})
					if granted {
						s.Grants = func() Grants { return Grants{"door": {name}} }
					}
					s.turn.Role, s.reply = role, turn.Reply{Value: "true"}
					if invited {
						s.turn.Plugins = []string{"door"}
					}
					person := role == turn.RoleUser || role == turn.RoleOperator || role == turn.RoleService || role == turn.RoleGuest && invited
					want := person && (name == "look" || granted)
					if got := s.run(name, `{"door":"front"}`, sdk.OriginSentence); got.OK() != want {
						t.Errorf("%q %s granted=%v invited=%v: %+v, want allowed=%v", role, name, granted, invited, got, want)
					}
				}
			}
		}
	}
}

// X03, first cut: nothing but a yes is a yes, and it holds for these arguments.
func TestOnlyAYesIsAYes(t *testing.T) {
	for _, tc := range []struct {
		reply turn.Reply
		want  []string
	}{
		{turn.Reply{Value: "true"}, []string{"running", "executed"}},
		{turn.Reply{Value: "false"}, []string{"refused"}},
		{turn.Reply{Value: "maybe"}, []string{"refused"}},
		{turn.Reply{Expired: true, Value: "true"}, []string{"refused"}},
		{turn.Reply{}, []string{"refused"}},
	} {
		s := newStage(t, inProcess{doors()}, Grants{"door": {"*"}})
		s.reply = tc.reply
		res := s.run("open", `{"door":"front"}`, sdk.OriginSentence)
		if diff := cmp.Diff(tc.want, s.steps); diff != "" || s.asked[0] != "Open front?" {
			t.Errorf("%+v asked %q (-want +got):\n%s", tc.reply, s.asked, diff)
		}
		if res.OK() && res.Text != "front 1 true" {
			t.Errorf("the plugin was told %q", res.Text)
		}
	}
}

// D05: arguments are checked by schema; a model's are repaired first.
func TestArgumentsAreChecked(t *testing.T) {
	for _, tc := range []struct {
		args   string
		origin sdk.Origin
		want   string // text, or the beginning of the refusal's detail
	}{
		{`{"door":"front"}`, sdk.OriginAPI, "front 1 false"},
		{`{"door":"front","times":3}`, sdk.OriginAPI, "front 3 false"},
		{`{"door":"front","times":"3"}`, sdk.OriginModel, "front 3 false"},
		{`{"door":" FRONT ","times":null,"colour":"red"}`, sdk.OriginModel, "front 1 false"},
		{`{"door":"front","times":4}`, sdk.OriginModel, "!"},
		{`{"door":"front","times":"3"}`, sdk.OriginAPI, "!"},
		{`{"door":"side"}`, sdk.OriginAPI, "!"},
		{`{}`, sdk.OriginAPI, "!"},
		{`[1]`, sdk.OriginAPI, "!"},
		{`{"door":"front","colour":"red"}`, sdk.OriginAPI, `!argument "colour" is unknown`},
		{`{"door":"front","colour":"red"}`, sdk.OriginSentence, "front 1 false"},
		{`{"door":"` + strings.Repeat("x", maxArgs) + `"}`, sdk.OriginAPI, "!arguments weigh"},
	} {
		s := newStage(t, inProcess{doors()}, nil)
		res := s.run("look", tc.args, tc.origin)
		if why, bad := strings.CutPrefix(tc.want, "!"); bad {
			if res.State != turn.ToolRefused || res.Code != sdk.CodeInvalid || !strings.HasPrefix(res.Detail, why) {
				t.Errorf("%.60s from %s: %+v", tc.args, tc.origin, res)
			}
		} else if res.Text != tc.want {
			t.Errorf("%.60s from %s: %+v, want %q", tc.args, tc.origin, res, tc.want)
		}
	}
}

func TestAPluginsQuestionIsAskedAndItsAnswerBrought(t *testing.T) {
	s := newStage(t, inProcess{doors()}, nil)
	s.reply = turn.Reply{Value: "b"}
	if res := s.run("which", `{}`, sdk.OriginSentence); res.Text != "b" || len(s.asked) != 1 {
		t.Errorf("%+v after %q", res, s.asked)
	}
	s = newStage(t, scripted(func(*sdk.Invocation) []sdk.Event {
		return []sdk.Event{sdk.NeedInput{Kind: sdk.InputText, Text: "again?"}}
	}), nil)
	if res := s.run("which", `{}`, sdk.OriginSentence); res.State != turn.ToolFailed || len(s.asked) != sdk.MaxQuestions {
		t.Errorf("%+v after %d questions", res, len(s.asked))
	}
}

func TestSessionStateTravelsAndComesBack(t *testing.T) {
	var saw []string
	answers := []json.RawMessage{json.RawMessage(`{"n":1}`), nil, json.RawMessage("null")}
	s := newStage(t, scripted(func(in *sdk.Invocation) []sdk.Event {
		saw = append(saw, string(in.State))
		state := answers[0]
		answers = append(answers[1:], nil)
		return []sdk.Event{sdk.Result{Text: "ok", State: state}}
	}), nil)
	for range 4 {
		s.run("look", `{"door":"front"}`, sdk.OriginSentence)
	}
	if diff := cmp.Diff([]string{"", `{"n":1}`, `{"n":1}`, ""}, saw); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// D05: what a plugin answers is bounded and checked before anyone sees it.
func TestAPluginsAnswerIsChecked(t *testing.T) {
	for name, events := range map[string][]sdk.Event{
		"no end":         {sdk.Text{Text: "a"}},
		"too much text":  {sdk.Text{Text: strings.Repeat("a", maxText)}, sdk.Result{Text: "b"}},
		"too much state": {sdk.Result{State: make([]byte, sdk.MaxState+1)}},
		"too much data":  {sdk.Result{Data: make([]byte, maxData+1)}},
	} {
		s := newStage(t, scripted(func(*sdk.Invocation) []sdk.Event { return events }), nil)
		if res := s.run("look", `{"door":"front"}`, sdk.OriginSentence); res.State != turn.ToolFailed {
			t.Errorf("%s: %+v", name, res)
		}
		if v := s.turn.Vars.(*vars).m["plugin/door"]; v != nil {
			t.Errorf("%s: a refused answer left state behind", name)
		}
	}
}

// E20: what is not the floor holder's leaves no trace of a call.
func TestAnUtteranceThatIsNotMineShowsNoCall(t *testing.T) {
	s := newStage(t, scripted(func(*sdk.Invocation) []sdk.Event { return []sdk.Event{sdk.NotMine{Fallback: "hm"}} }), nil)
	res := s.run("look", `{"door":"front"}`, sdk.OriginFloor)
	if res.NotMine == nil || res.NotMine.Fallback != "hm" || len(s.steps) != 0 {
		t.Errorf("%+v, steps %q", res, s.steps)
	}
}

func TestATurnThatEndedEndsTheCall(t *testing.T) {
	s := newStage(t, inProcess{doors()}, nil)
	_, err := s.Run(t.Context(), s.turn, Request{Plugin: "door", Tool: "look", Args: json.RawMessage(`{"door":"front"}`)}, func(turn.Event) bool { return false })
	if !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Run(ctx, s.turn, Request{Plugin: "door", Tool: "look", Args: json.RawMessage(`{"door":"front"}`)}, func(turn.Event) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestABrokenPluginIsLeftOutAloneAndNamed(t *testing.T) {
	good, err := doors().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bad := &sdk.Manifest{ID: "bad", Tools: []sdk.ToolSpec{{Name: "x", InputSchema: json.RawMessage(`{"type":"array"}`)}}}
	worse := &sdk.Manifest{ID: "worse", Tools: []sdk.ToolSpec{{Name: "x", InputSchema: json.RawMessage(`{"type":"object"}`), Sentences: []sdk.Sentences{{Lang: "en", Patterns: []string{"open (the"}}}}}}
	c := NewCatalogue()
	err = c.Replace([]*sdk.Manifest{bad, good, worse})
	if err == nil || !strings.Contains(err.Error(), "plugin bad: tool x") || !strings.Contains(err.Error(), "plugin worse") {
		t.Errorf("got %v", err)
	}
	if _, ok := c.Find("door", "look"); !ok || len(c.Match("en", "look at the front door")) != 1 {
		t.Error("the good plugin was left out too")
	}
	if _, ok := c.Find("bad", "x"); ok {
		t.Error("the bad plugin was taken over")
	}
}

// fault-P29: two tools under one name across plugins: the later manifest's plugin is
// refused as a whole, with the names of both, and the earlier one's tool stays that tool.
func TestAToolNameThatIsTakenIsRefusedWithBothNames(t *testing.T) {
	manifest := func(id, tool string) *sdk.Manifest {
		schema := json.RawMessage(`{"type":"object"}`)
		return &sdk.Manifest{ID: id, Tools: []sdk.ToolSpec{{Name: "free", InputSchema: schema}, {Name: tool, InputSchema: schema}}}
	}
	long, short := manifest("a__b", "c"), manifest("a", "b__c")
	for _, tc := range []struct{ first, second *sdk.Manifest }{{short, long}, {long, short}} {
		c := NewCatalogue()
		for range 2 { // it is read, and then known
			err := c.Replace([]*sdk.Manifest{tc.first, tc.second})
			want := fmt.Sprintf("plugin %s: tool %s: the name a__b__c is that of plugin %s's tool %s",
				tc.second.ID, tc.second.Tools[1].Name, tc.first.ID, tc.first.Tools[1].Name)
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if why := c.Refused(tc.second.ID); why == nil || "plugin "+tc.second.ID+": "+why.Error() != want {
				t.Errorf("%s is refused for %v, want %s", tc.second.ID, why, want)
			}
			if why := c.Refused(tc.first.ID); why != nil {
				t.Errorf("%s is refused too: %v", tc.first.ID, why)
			}
		}
		if o, ok := c.Named("a__b__c"); !ok || o.Plugin != tc.first.ID {
			t.Errorf("the name is that of %+v", o)
		}
		if o, ok := c.Find(tc.second.ID, tc.second.Tools[1].Name); ok {
			t.Errorf("%s's tool was found as %s's", tc.second.ID, o.Plugin)
		}
		if _, ok := c.Find(tc.second.ID, "free"); ok || len(c.Offers()) != 2 {
			t.Errorf("half of %s is on offer: %d", tc.second.ID, len(c.Offers()))
		}
		if err := c.Replace([]*sdk.Manifest{tc.second}); err != nil { // the other one is gone
			t.Error(err)
		}
		if why := c.Refused(tc.second.ID); why != nil {
			t.Errorf("%s is refused still: %v", tc.second.ID, why)
		}
	}
}

// X04, fault-L19: what someone else's text may have put into a model's head
// needs the end user's yes, whatever the tool itself wants; reading does not.
func TestAnUntrustedEffectNeedsAYes(t *testing.T) {
	s := newStage(t, inProcess{doors()}, Grants{"door": {"*"}})
	for _, tc := range []struct {
		tool  string
		reply string
		asks  int
		ok    bool
	}{
		{"look", "", 0, true}, {"knock", "", 1, false}, {"knock", "true", 1, true}, {"unsaid", "false", 1, false}, {"open", "true", 1, true},
	} {
		asked := 0
		res, err := s.Run(t.Context(), s.turn, Request{
			Plugin: "door", Tool: tc.tool, Args: json.RawMessage(`{"door":"back"}`), Origin: sdk.OriginModel, Untrusted: true,
		}, func(ev turn.Event) bool {
			if q, ok := ev.(*turn.Question); ok {
				asked++
				q.Reply = turn.Reply{Value: tc.reply}
				if !strings.Contains(q.Text, "back") {
					t.Errorf("%s: the question %q does not show the arguments", tc.tool, q.Text)
				}
			}
			return true
		})
		if err != nil || asked != tc.asks || res.OK() != tc.ok {
			t.Errorf("%s answered %q: asked %d times, %+v, %v", tc.tool, tc.reply, asked, res, err)
		}
	}
}

// What was read of a manifest is kept while the manifest is: plugins that come
// and go cost the others nothing, and who keeps an Offer keeps the right one.
func TestTheOffersOfAManifestStayWhenOthersComeAndGo(t *testing.T) {
	c := NewCatalogue()
	describe := func(p *sdk.Plugin) *sdk.Manifest {
		m, err := p.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	door, bad := describe(doors()), describe(doors())
	bad.ID, bad.Tools[0].Sentences = "bad", []sdk.Sentences{{Lang: "en", Patterns: []string{"(look"}}}
	if err := c.Replace([]*sdk.Manifest{door}); err != nil {
		t.Fatal(err)
	}
	before, _ := c.Find("door", "look")
	for range 2 {
		if err := c.Replace([]*sdk.Manifest{bad, door}); err == nil || !strings.Contains(err.Error(), "plugin bad") {
			t.Errorf("sentences that do not compile: %v", err)
		}
		if now, _ := c.Find("door", "look"); now != before {
			t.Error("another offer")
		}
		if _, ok := c.Find("bad", "look"); ok {
			t.Error("the bad plugin is on offer")
		}
	}
	other := describe(doors())
	if err := c.Replace([]*sdk.Manifest{other}); err != nil {
		t.Fatal(err)
	}
	if now, _ := c.Find("door", "look"); now == before {
		t.Error("a plugin that was replaced has its old offer")
	}
}

// X04: whose words a piece of an answer is. The built-in tools speak for the host,
// but for those that pass on what plugins said.
func TestWhatAToolSaysIsItsPlugins(t *testing.T) {
	says := scripted(func(*sdk.Invocation) []sdk.Event { return []sdk.Event{sdk.Text{Text: "it "}, sdk.Result{Text: "is"}} })
	manifest := func(id string, tools ...string) *sdk.Manifest {
		m := &sdk.Manifest{ID: id}
		for _, name := range tools {
			m.Tools = append(m.Tools, sdk.ToolSpec{Name: name, Effect: sdk.EffectReadOnly, InputSchema: json.RawMessage(`{"type":"object"}`)})
		}
		return m
	}
	s := newStage(t, says, Grants{})
	if err := s.Catalogue.Replace([]*sdk.Manifest{manifest(BuiltinPlugin, "time", "recap", "undo"), manifest("weather", "time")}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		plugin, tool string
		want         bool
	}{{BuiltinPlugin, "time", false}, {BuiltinPlugin, "recap", true}, {BuiltinPlugin, "undo", true}, {"weather", "time", true}} {
		q := Request{Plugin: tc.plugin, Tool: tc.tool, Args: json.RawMessage(`{}`), Origin: sdk.OriginSentence}
		n := 0
		_, err := s.Run(t.Context(), s.turn, q, func(ev turn.Event) bool {
			if d, ok := ev.(turn.Delta); ok {
				if n++; d.Foreign != tc.want {
					t.Errorf("%s.%s: %+v, want foreign %v", tc.plugin, tc.tool, d, tc.want)
				}
			}
			return true
		})
		if err != nil || n != 2 {
			t.Errorf("%s.%s said %d pieces: %v", tc.plugin, tc.tool, n, err)
		}
	}
}
