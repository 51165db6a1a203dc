package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// Session is one conversation with the plugin: its state, its floor, the
// answers that the person is going to give. For one goroutine.
type Session struct {
	host    *Host
	name    string
	state   json.RawMessage
	floor   *sdk.Listen
	until   time.Time
	answers []sdk.Answer
	lines   strings.Builder
}

// Reply is what came of a call.
type Reply struct {
	// Tool is the one that was called last; empty when nothing was.
	Tool string
	// Text is all that was said: what was streamed, then the result's text or
	// the problem's message.
	Text string
	// Events are all events of all runs, in order.
	Events []sdk.Event
	// Result, Problem and NotMine are the end: one of them is set, unless
	// nothing was called.
	Result  *sdk.Result
	Problem *sdk.Problem
	NotMine *sdk.NotMine
	// Deed is what a host keeps of a call that ended with a result, and hands to
	// the plugin when it is looked after: see Session.Verify and Session.Undo.
	Deed *sdk.Deed
}

// Data decodes the structured result into v.
func (r Reply) Data(v any) error {
	if r.Result == nil || r.Result.Data == nil {
		return fmt.Errorf("there is no structured result: %q", r.Text)
	}
	return json.Unmarshal(r.Result.Data, v)
}

func (h *Host) newSession(name string) *Session { return &Session{host: h, name: name} }

// Open begins another conversation with the same plugin.
func (h *Host) Open(name string) *Session { return h.newSession(name) }

// Answer appends to what the person will answer to the plugin's questions:
// the text, the value of a choice, "true" or "false".
func (s *Session) Answer(values ...string) {
	for _, v := range values {
		s.answers = append(s.answers, sdk.Answer{Value: v, Declined: v == "false"})
	}
}

// Decline appends that the person will not answer a question. As in a host, that
// ends a call that may change something; one that only reads is called again.
func (s *Session) Decline() { s.answers = append(s.answers, sdk.Answer{Declined: true}) }

// State is the session state that the plugin keeps, or nil.
func (s *Session) State() json.RawMessage { return s.state }

// Floor tells who hears the next utterance first; nil when no one does.
func (s *Session) Floor() *sdk.Listen {
	if s.floor == nil || !s.host.Now().Before(s.until) {
		return nil
	}
	return s.floor
}

// Release takes the floor away, as a stop word does in a host.
func (s *Session) Release() { s.floor = nil }

// Transcript is the conversation so far: what was said (>), called (=),
// answered (<), asked (?) and what went wrong (!), a line each.
func (s *Session) Transcript() string { return s.lines.String() }

// Call calls a tool with arguments, anything that encodes to a JSON object, in
// the plugin's first language.
func (s *Session) Call(tool string, args any) Reply {
	s.host.t.Helper()
	return s.CallIn(s.host.lang(), tool, args)
}

// CallIn is Call in a language.
func (s *Session) CallIn(lang, tool string, args any) Reply {
	s.host.t.Helper()
	return s.invoke(sdk.CallInfo{Locale: lang, Origin: sdk.OriginAPI}, tool, s.encode(args))
}

// Say is what a person says. It goes where a host lets it go: to the tool that
// holds the floor, then to the sentences. A reply without Tool means that the
// plugin has nothing to do with it.
func (s *Session) Say(lang, text string) Reply {
	s.host.t.Helper()
	s.host.refresh()
	s.note(">", text)
	info := sdk.CallInfo{Locale: lang, Utterance: text}
	var passed Reply
	if f := s.Floor(); f != nil {
		info.Origin = sdk.OriginFloor
		if passed = s.invoke(info, f.Tool, s.encode(map[string]any{f.Slot: text})); passed.NotMine == nil {
			return passed
		}
	}
	if found := s.host.match(lang, text); len(found) > 0 {
		info.Origin = sdk.OriginSentence
		return s.invoke(info, found[0].Intent, s.encode(s.known(found[0].Intent, found[0].Slots)))
	}
	if passed.NotMine != nil && passed.NotMine.Fallback != "" {
		passed.Text = passed.NotMine.Fallback
		s.note("<", passed.Text)
		return passed
	}
	return Reply{NotMine: passed.NotMine}
}

// known leaves out the slots that are no arguments of the tool.
func (s *Session) known(tool string, slots map[string]any) map[string]any {
	var schema struct{ Properties map[string]json.RawMessage }
	for _, t := range s.host.now.Load().manifest.Tools {
		if t.Name == tool && json.Unmarshal(t.InputSchema, &schema) != nil {
			s.host.t.Fatalf("tool %s: input schema is no JSON object", tool)
		}
	}
	args := map[string]any{}
	for name, v := range slots {
		if schema.Properties[name] != nil {
			args[name] = v
		}
	}
	return args
}

// encode writes arguments; nil is none.
func (s *Session) encode(v any) json.RawMessage {
	s.host.t.Helper()
	if v == nil {
		return json.RawMessage("{}")
	}
	raw, err := json.Marshal(v)
	if err != nil {
		s.host.t.Fatalf("encode arguments: %v", err)
	}
	return raw
}

// Again makes a recorded call again: with its arguments, its state, its answers
// and what the person said, but for this session and its person.
func (s *Session) Again(in sdk.Invocation) Reply {
	s.host.t.Helper()
	s.state = in.State
	s.answers = append(s.answers, in.Answers...)
	return s.invoke(in.Info, in.Tool, in.Args)
}

// invoke runs a call to its end, through its questions.
func (s *Session) invoke(info sdk.CallInfo, tool string, args json.RawMessage) Reply {
	s.host.t.Helper()
	s.note("=", tool+" "+string(args))
	info = s.stamp(info)
	defer s.host.fake.begin(info)()
	in := &sdk.Invocation{Tool: tool, Args: args, Info: info, State: s.state}
	reply := Reply{Tool: tool}
	ctx, cancel := s.host.context()
	defer cancel()
	for {
		need := s.once(ctx, in, &reply)
		if need == nil {
			return reply
		}
		if len(in.Answers) == sdk.MaxQuestions {
			s.host.t.Fatalf("tool %s asks more than %d questions", tool, sdk.MaxQuestions)
		}
		answer := s.reply(need)
		if answer.Declined && answer.Value == "" && !s.reads(tool) {
			// A host ends a call that may change something when nobody answers.
			reply.Problem = &sdk.Problem{Code: sdk.CodeForbidden, Message: "nobody answered the question"}
			s.note("!", string(reply.Problem.Code)+": "+reply.Problem.Message)
			return reply
		}
		in.Answers = append(in.Answers, answer)
	}
}

// reads says whether a tool changes nothing.
func (s *Session) reads(tool string) bool {
	return slices.ContainsFunc(s.host.now.Load().manifest.Tools, func(t sdk.ToolSpec) bool {
		return t.Name == tool && t.Effect == sdk.EffectReadOnly
	})
}

// Person is the end user of all sessions.
const Person = "tester"

// stamp completes on whose behalf a call is.
func (s *Session) stamp(info sdk.CallInfo) sdk.CallInfo {
	s.host.t.Helper()
	s.host.tick()
	info.Call, info.Session, info.User, info.TimeZone = s.host.nextCall(), s.name, Person, s.host.setup.zone
	info.RequestID = "request-" + info.Call
	return info
}

// once runs a call until its end or its next question.
func (s *Session) once(ctx context.Context, in *sdk.Invocation, reply *Reply) *sdk.NeedInput {
	s.host.t.Helper()
	defer s.host.untold()
	for ev, err := range s.host.client.Invoke(ctx, in) {
		if err != nil {
			s.host.t.Fatalf("call of %s was lost: %v\n%s", in.Tool, err, s.host.Log())
		}
		reply.Events = append(reply.Events, ev)
		switch e := ev.(type) {
		case sdk.Text:
			reply.Text += e.Text
		case sdk.NeedInput:
			return &e
		case sdk.NotMine:
			reply.NotMine = &e
		case sdk.Problem:
			reply.Problem = &e
			reply.Text += e.Message
			s.note("!", string(e.Code)+": "+e.Message)
			if e.Detail != "" { // what the person does not read, for whose test fails
				s.host.t.Logf("tool %s: %s: %s", in.Tool, e.Code, e.Detail)
			}
		case sdk.Result:
			reply.Result = &e
			reply.Text += e.Text
			s.note("<", reply.Text)
			s.keep(e)
			reply.Deed = &sdk.Deed{Info: in.Info, Tool: in.Tool, Args: in.Args, Data: e.Data}
		}
	}
	return nil
}

// keep takes over the state and the floor, as a host does.
func (s *Session) keep(r sdk.Result) {
	switch {
	case string(r.State) == "null":
		s.state = nil
	case r.State != nil:
		s.state = r.State
	}
	s.floor = r.Listen
	if r.Listen != nil {
		s.until = s.host.Now().Add(r.Listen.TTL)
	}
}

// reply is the person's next answer.
func (s *Session) reply(q *sdk.NeedInput) sdk.Answer {
	s.host.t.Helper()
	s.note("?", q.Text)
	if len(s.answers) == 0 {
		s.host.t.Fatalf("the plugin asks %q, and the test has no answer to it", q.Text)
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	said := a.Value
	if a.Declined {
		said = "(no)"
	}
	s.note(">", said)
	return a
}

func (s *Session) note(mark, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(&s.lines, "%s %s\n", mark, strings.TrimRight(line, "\n"))
	}
}
