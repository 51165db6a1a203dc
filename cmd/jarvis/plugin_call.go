package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/cmd/jarvis/bundle"
	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/recording"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// authorFlags say which plugin an author means and how it is configured.
type authorFlags struct {
	config string
	quiet  bool
}

func (f *authorFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.config, "plugin-config", "", "the plugin's own configuration, a JSON `FILE`")
	fs.BoolVar(&f.quiet, "quiet", false, "leave out what the plugin logs")
}

// pluginProgram finds or builds the program that an argument names: a program, or a
// folder with a plugin's source.
func pluginProgram(ctx context.Context, p *program, target string) (string, error) {
	info, err := os.Stat(target)
	if err != nil {
		return "", fmt.Errorf("find plugin: %w", err)
	}
	if !info.IsDir() {
		return filepath.Abs(target)
	}
	fmt.Fprintf(p.stderr, "building %s\n", target)
	return bundle.Build(ctx, target, "")
}

// opened is a plugin that runs for its author, without a host.
type opened struct {
	*launch.Process
	manifest *sdk.Manifest
	desk     *host.AuthorDesk // what the host would do for it
	pass     *services.Pass
}

// Kill ends the plugin, and what was kept for it.
func (o *opened) Kill() {
	o.Process.Kill()
	_ = o.desk.Close() // it is all in a folder that nobody wants any more
}

func (f *authorFlags) open(ctx context.Context, p *program, target string) (*opened, error) {
	path, err := pluginProgram(ctx, p, target)
	if err != nil {
		return nil, err
	}
	proc, err := f.start(ctx, p, path)
	if err != nil {
		return nil, err
	}
	desk, err := host.OpenAuthorDesk(ctx, func(line string) { fmt.Fprintf(p.stderr, "* %s\n", printable(line)) })
	if err != nil {
		proc.Kill()
		return nil, err
	}
	o := &opened{Process: proc, desk: desk}
	if err := o.introduce(ctx, f.config); err != nil {
		o.Kill()
		return nil, err
	}
	return o, nil
}

// start runs a plugin's program as a host does.
func (f *authorFlags) start(ctx context.Context, p *program, path string) (*launch.Process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program itself: %w", err)
	}
	spec := launch.Spec{Path: path, Shim: []string{exe, "__exec"}}
	if !f.quiet {
		spec.Line = func(l launch.Line) {
			fmt.Fprintf(p.stderr, "  %s %s%s\n", l.Level, printable(l.Message), fields(l.Fields))
		}
	}
	return launch.Start(ctx, spec)
}

func (o *opened) introduce(ctx context.Context, file string) (err error) {
	if o.manifest, err = o.Handler().Describe(ctx); err != nil {
		return fmt.Errorf("describe plugin: %w", err)
	}
	values := []byte("{}")
	if file != "" {
		if values, err = os.ReadFile(file); err != nil {
			return fmt.Errorf("read --plugin-config: %w", err)
		}
	}
	access, pass := o.desk.Admit(o.manifest.ID, o.manifest.Needs)
	o.pass = pass
	done, err := o.Handler().Configure(ctx, sdk.Configuration{Values: values, Granted: o.manifest.Needs, HostVersion: version, Host: access})
	if err != nil {
		return fmt.Errorf("configure plugin: %w", err)
	}
	var wrong []error
	for _, d := range done.Diagnostics {
		wrong = append(wrong, fmt.Errorf("configuration%s: %s", d.Path, d.Summary))
	}
	if done.Tools != nil {
		o.manifest.Tools = done.Tools
	}
	return errors.Join(wrong...)
}

func fields(m map[string]any) string {
	var b strings.Builder
	for k, v := range m {
		fmt.Fprintf(&b, " %s=%v", k, v)
	}
	return printable(b.String())
}

func pluginCallCommand() command {
	c := command{
		name: "plugin call", args: "PLUGIN [TOOL [ARGS]] [--say TEXT] [--lang L] [--state FILE] [--record FILE] [--replay FILE]",
		summary: "call a plugin's tool without a host; PLUGIN is its program or its source folder",
		example: "  jarvis plugin call . greet '{\"name\":\"Ann\"}'\n" +
			"  jarvis plugin call ./jarvis-plugin-dice --say 'lance deux dés' --lang fr\n" +
			"  jarvis plugin call . greet '{\"name\":\"Ann\"}' --record calls.jsonl\n" +
			"  jarvis plugin call . --replay calls.jsonl    # says what became different",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f authorFlags
		f.register(fs)
		call := pluginCall{p: p}
		fs.StringVar(&call.lang, "lang", languageOf(p.getenv("LANG", "en")), "the `language` of the call")
		fs.StringVar(&call.say, "say", "", "an utterance: the tool and its arguments follow from the plugin's sentences")
		fs.StringVar(&call.stateFile, "state", "", "a `FILE` that keeps the session state from one call to the next")
		fs.StringVar(&call.record, "record", "", "append the call and its end to `FILE`")
		replay := fs.String("replay", "", "make the calls of `FILE` again and compare their ends")
		rest, err := parse(fs, args, 1, 3)
		if err != nil {
			return err
		}
		if *replay == "" && call.say == "" && len(rest) < 2 {
			return usageError("which tool? name one, say something with --say, or give --replay; `jarvis plugin call --help` shows how")
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		if call.o, err = f.open(ctx, p, rest[0]); err != nil {
			return err
		}
		defer call.o.Kill()
		if *replay != "" {
			return call.replay(ctx, *replay)
		}
		return call.once(ctx, rest[1:])
	}
	return c
}

// pluginCall makes calls for an author.
type pluginCall struct {
	p                            *program
	o                            *opened
	lang, say, stateFile, record string
}

func (c *pluginCall) once(ctx context.Context, args []string) error {
	in, err := c.invocation(args)
	if err != nil {
		return err
	}
	e, err := c.run(ctx, in, true)
	if err != nil {
		return err
	}
	if c.record != "" {
		if err := appendJSON(c.record, recording.Call{Invocation: in, End: e}); err != nil {
			return fmt.Errorf("record call: %w", err)
		}
	}
	if c.stateFile != "" && e.State != nil {
		if err := os.WriteFile(c.stateFile, e.State, 0o600); err != nil {
			return fmt.Errorf("keep state: %w", err)
		}
	}
	if e.Kind == "problem" {
		return &exitError{code: exitFailed}
	}
	return nil
}

// invocation is the call that the arguments, or the utterance, mean.
func (c *pluginCall) invocation(args []string) (*sdk.Invocation, error) {
	zone, _ := time.Now().Zone()
	if name := time.Local.String(); name != "Local" {
		zone = name
	}
	in := &sdk.Invocation{Args: json.RawMessage("{}"), Info: sdk.CallInfo{
		Call: "call-1", Session: "author", User: "author", Locale: c.lang, TimeZone: zone, Origin: sdk.OriginAPI, RequestID: "author",
	}}
	if c.stateFile != "" {
		state, err := os.ReadFile(c.stateFile)
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("read --state: %w", err)
		}
		in.State = state
	}
	if c.say != "" {
		return in, c.understand(in)
	}
	in.Tool = args[0]
	if len(args) > 1 {
		in.Args = json.RawMessage(args[1])
	}
	var object map[string]any
	if err := json.Unmarshal(in.Args, &object); err != nil {
		return nil, usageError("arguments %q: expected a JSON object: %w", args[1], err)
	}
	return in, nil
}

func (c *pluginCall) understand(in *sdk.Invocation) error {
	m, err := sdk.Matcher(c.o.manifest)
	if err != nil {
		return fmt.Errorf("compile sentences: %w", err)
	}
	found := m.Match(c.lang, c.say)
	if len(found) == 0 {
		return fmt.Errorf("no sentence of the plugin (%s) is %q; `jarvis intent explain` says what is close", c.lang, c.say)
	}
	in.Tool, in.Info.Origin, in.Info.Utterance = found[0].Intent, sdk.OriginSentence, c.say
	in.Args, err = json.Marshal(c.arguments(in.Tool, found[0].Slots))
	fmt.Fprintf(c.p.stderr, "= %s %s\n", in.Tool, in.Args)
	return err
}

// arguments leaves out the slots that are no arguments, as a host does.
func (c *pluginCall) arguments(tool string, slots map[string]any) map[string]any {
	var schema struct{ Properties map[string]json.RawMessage }
	for _, t := range c.o.manifest.Tools {
		if t.Name == tool && json.Unmarshal(t.InputSchema, &schema) == nil {
			maps.DeleteFunc(slots, func(name string, _ any) bool { return schema.Properties[name] == nil })
		}
	}
	return slots
}

// run makes one call, through its questions, which the person at the terminal
// answers.
func (c *pluginCall) run(ctx context.Context, in *sdk.Invocation, show bool) (recording.End, error) {
	answers := bufio.NewScanner(c.p.stdin)
	for {
		e, need, err := c.attempt(ctx, in, show)
		if err != nil || need == nil {
			return e, err
		}
		if !show || len(in.Answers) == sdk.MaxQuestions {
			return recording.Of("", *need, nil), nil
		}
		fmt.Fprintf(c.p.stderr, "? %s", need.Text)
		for _, o := range need.Options {
			fmt.Fprintf(c.p.stderr, " [%s: %s]", o.Value, o.Label)
		}
		fmt.Fprint(c.p.stderr, " ")
		said := answers.Scan()
		text := strings.TrimSpace(answers.Text())
		in.Answers = append(in.Answers, sdk.Answer{Value: text, Declined: !said || text == ""})
	}
}

func (c *pluginCall) attempt(ctx context.Context, in *sdk.Invocation, show bool) (recording.End, *sdk.NeedInput, error) {
	out := io.Discard
	if show {
		out = c.p.stdout
	}
	defer c.o.pass.Begin(in.Info)()
	var text strings.Builder
	for ev, err := range c.o.Handler().Invoke(ctx, in) {
		if err != nil {
			return recording.End{}, nil, fmt.Errorf("call %s: %w", in.Tool, err)
		}
		switch e := ev.(type) {
		case sdk.Text:
			text.WriteString(e.Text)
			fmt.Fprint(out, printable(e.Text))
		case sdk.Progress:
			fmt.Fprintf(c.p.stderr, "… %3.0f %% %s\n", 100*e.Fraction, printable(e.Message))
		case sdk.NeedInput:
			return recording.End{}, &e, nil
		case sdk.NotMine:
			fmt.Fprintln(out, "(not mine)")
			return recording.Of("", e, nil), nil, nil
		case sdk.Problem:
			fmt.Fprintf(out, "%s: %s\n", e.Code, printable(e.Message))
			if e.Detail != "" {
				fmt.Fprintf(c.p.stderr, "! %s\n", printable(e.Detail))
			}
			return recording.Of(text.String(), e, nil), nil, nil
		case sdk.Result:
			fmt.Fprintln(out, printable(e.Text))
			return recording.Of(text.String(), e, nil), nil, nil
		}
	}
	return recording.End{}, nil, fmt.Errorf("call %s: it ended without an end", in.Tool)
}

// replay makes recorded calls again and says where their ends differ.
func (c *pluginCall) replay(ctx context.Context, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read --replay: %w", err)
	}
	calls, err := recordedCalls(file, raw)
	if err != nil {
		return err
	}
	return c.again(ctx, calls)
}

// recordedCalls reads a recording.
func recordedCalls(file string, raw []byte) (calls []recording.Call, err error) {
	for line := range bytes.Lines(raw) {
		var r recording.Call
		if err := json.Unmarshal(line, &r); err != nil || r.Invocation == nil {
			return nil, fmt.Errorf("%s:%d: expected a recorded call: %w", file, len(calls)+1, err)
		}
		calls = append(calls, r)
	}
	return calls, nil
}

// again makes calls again and says where their ends differ.
func (c *pluginCall) again(ctx context.Context, calls []recording.Call) error {
	different := 0
	for _, r := range calls {
		got, err := c.run(ctx, r.Invocation, false)
		if err != nil {
			got = recording.Of("", nil, err)
		}
		before, after := indented(r.End), indented(got)
		if before == after {
			fmt.Fprintf(c.p.stdout, "same       %s %s\n", r.Invocation.Tool, r.Invocation.Args)
			continue
		}
		different++
		fmt.Fprintf(c.p.stdout, "different  %s %s\n%s", r.Invocation.Tool, r.Invocation.Args, difference(before, after))
	}
	fmt.Fprintf(c.p.stdout, "%d calls, %d different\n", len(calls), different)
	if different > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

func indented(e recording.End) string {
	raw, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// difference shows the lines that only one of two texts has.
func difference(before, after string) string {
	var b strings.Builder
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, side := range []struct {
		mark         string
		lines, other []string
	}{{"-", old, now}, {"+", now, old}} {
		for _, line := range side.lines {
			if !contains(side.other, line) {
				fmt.Fprintf(&b, "  %s %s\n", side.mark, printable(line))
			}
		}
	}
	return b.String()
}

func contains(lines []string, line string) bool {
	for _, l := range lines {
		if strings.TrimSuffix(l, ",") == strings.TrimSuffix(line, ",") {
			return true
		}
	}
	return false
}

func appendJSON(file string, v any) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(v), f.Close())
}
