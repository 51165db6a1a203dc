package llmtest

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

//go:embed demo.yaml
var demoYAML []byte

const usage = `usage: jarvis-model [flags] [-- COMMAND ...]

A language model that says what a script tells it to, and fails on demand. It
speaks Ollama's protocol and OpenAI's (below /v1) on the same port. With a
COMMAND it runs that, tells it where the model is through JARVIS_LLM__OLLAMA__URL
and ends with it; else it serves until it is stopped. Without a script it shows
what Jarvis can do: say "show me help".

Flags:
`

const examples = `
Examples:
  jarvis-model -- jarvis serve
  jarvis-model -listen 127.0.0.1:11434 -script answers.yaml
  jarvis-model -fault stall_mid -speed 5 -- jarvis serve
`

// settings are the program's flags.
type settings struct {
	listen, script, ready, fault string
	speed                        float64
	command                      []string
}

// Command is the scripted model as a program: it serves until ctx ends, or runs
// a program that talks with it, and returns the exit code. Its help names the
// flags. The URL is printed, unless a program is run.
func Command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("jarvis-model", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "`ADDR` to listen on; port 0 takes a free one")
	flags.StringVar(&s.script, "script", "", "`FILE` with what to say; see docs/models.md")
	flags.StringVar(&s.ready, "ready-file", "", "`FILE` that receives the URL once it listens")
	flags.StringVar(&s.fault, "fault", "", "`NAME` of what goes wrong with every answer: "+names(Faults()))
	flags.Float64Var(&s.speed, "speed", 0, "`TOKENS` a second, 0 for at once; the demonstration has 20")
	flags.Usage = func() {
		fmt.Fprint(stdout, usage)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		fmt.Fprint(stdout, examples)
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	s.command = flags.Args()
	code, err := s.serve(ctx, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "jarvis-model:", err)
		return 1
	}
	return code
}

func (s *settings) serve(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	script, err := s.load()
	if err != nil {
		return 0, err
	}
	srv, err := Start(s.listen, script)
	if err != nil {
		return 0, err
	}
	defer func() { _ = srv.Close() }() // the program ends
	if len(s.command) > 0 {
		return s.run(ctx, srv.URL(), stdout, stderr)
	}
	if err := announceURL(srv.URL(), s.ready, stdout); err != nil {
		return 0, err
	}
	<-ctx.Done()
	return 0, srv.Close()
}

// load reads the script and lays the flags over it.
func (s *settings) load() (Script, error) {
	raw, name := demoYAML, "demo.yaml"
	if s.script != "" {
		name = s.script
		var err error
		if raw, err = os.ReadFile(s.script); err != nil {
			return Script{}, fmt.Errorf("read script: %w", err)
		}
	}
	script, err := ParseScript(raw)
	if err != nil {
		return Script{}, fmt.Errorf("%s: %w", name, err)
	}
	if s.fault != "" {
		if !slices.Contains(Faults(), Fault(s.fault)) {
			return Script{}, fmt.Errorf("fault %q: expected one of %s", s.fault, names(Faults()))
		}
		script.Rules = append([]Rule{{Fault: Fault(s.fault), Reply: "This answer was meant to go wrong, and here it goes on."}}, script.Rules...)
	}
	if s.speed < 0 {
		return Script{}, fmt.Errorf("speed %v: expected 0 or more", s.speed)
	}
	if s.speed > 0 {
		script.Rules = append(script.Rules, DefaultScript().Rules...)
		for i := range script.Rules {
			script.Rules[i].TokensPerSecond = s.speed
		}
	}
	return script, nil
}

// run runs a program beside the model and asks it to end when ctx does.
func (s *settings) run(ctx context.Context, url string, stdout, stderr io.Writer) (int, error) {
	cmd := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "OLLAMA_") || strings.HasPrefix(kv, "JARVIS_LLM__")
	})
	cmd.Env = append(cmd.Env, "JARVIS_LLM__OLLAMA__URL="+url, "JARVIS_LLM__OLLAMA__MODEL="+DefaultModels()[0].Name)
	err := cmd.Run()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(e.ExitCode(), 1), nil
	}
	if err != nil && ctx.Err() == nil {
		return 0, fmt.Errorf("run %s: %w", s.command[0], err)
	}
	return 0, nil
}

func announceURL(url, ready string, stdout io.Writer) error {
	fmt.Fprintln(stdout, url)
	if ready == "" {
		return nil
	}
	// Renamed into place, so that whoever waits for the file reads all of it.
	if err := os.WriteFile(ready+".new", []byte(url+"\n"), 0o600); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	if err := os.Rename(ready+".new", ready); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return nil
}
