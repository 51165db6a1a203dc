// Command jarvis is the assistant's host and everything that people do with it
// from a terminal. `jarvis help` lists its commands.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // for machines without a zone database

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/texts"
)

// version is set by the build.
var version = "dev"

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitConfig = 78 // EX_CONFIG of sysexits.h
)

func main() {
	sigs := make(chan os.Signal, 4)
	signal.Notify(sigs, syscall.SIGINT, syscall.SIGTERM)
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		// Which end everything else. A log whose reader is gone ends no host.
		signal.Notify(sigs, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGQUIT)
		signal.Ignore(syscall.SIGPIPE)
	}
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), signals: sigs}
	os.Exit(p.run(context.Background(), os.Args[1:]))
}

// program is one run of the command line, with the world it sees.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	signals        <-chan os.Signal
}

// command is one command of the program.
type command struct {
	name    string // words, such as "user add"
	args    string // what follows, for the usage line
	summary string
	example string
	hidden  bool
	run     func(ctx context.Context, p *program, args []string) error
}

func commands() []command {
	return []command{
		serveCommand(), initCommand(), doctorCommand(), loginCommand(), chatCommand(),
		userAddCommand(), userListCommand(), userExportCommand(), userRemoveCommand(),
		keyCreateCommand(), keyListCommand(), keyRevokeCommand(),
		pluginNewCommand(), pluginDevCommand(), pluginCallCommand(), pluginVerifyCommand(), replayCommand(), pluginPackCommand(), pluginListCommand(), pluginLogsCommand(), pluginActionCommand("enable"), pluginActionCommand("disable"), pluginActionCommand("restart"),
		intentMatchCommand(), intentExplainCommand(),
		configCheckCommand(), configShowCommand(), configExplainCommand(), configReferenceCommand(),
		memoryAddCommand(), memorySearchCommand(), memoryListCommand(), memoryWhyCommand(), memoryForgetCommand(),
		memoryExportCommand(), memoryImportCommand(), memoryReindexCommand(), memoryConsolidateCommand(), logScrubCommand(),
		usageCommand(), versionCommand(), execCommand(), lastWordsCommand(),
	}
}

// exitError ends the program with a code; Err is printed when it is set.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// run finds the command and runs it.
func (p *program) run(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		p.help(p.stdout)
		if len(args) == 0 {
			return exitUsage
		}
		return exitOK
	}
	c, rest, ok := find(args)
	if !ok {
		return p.lost(args)
	}
	err := c.run(ctx, p, rest)
	var e *exitError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintf(p.stderr, "jarvis %s: %v\n", c.name, e.err)
		}
		return e.code
	default:
		fmt.Fprintf(p.stderr, "jarvis %s: %s\n", c.name, worded(err))
		return exitFailed
	}
}

// worded says an error as the host would say it to a client, where it can.
func worded(err error) string {
	p, ok := errors.AsType[*protocol.Problem](err)
	if !ok {
		return err.Error()
	}
	return texts.Get("en", cmp.Or(p.Text, "error."+string(p.Code)), p.Args...)
}

// find returns the command that args begin with: two words before one.
func find(args []string) (command, []string, bool) {
	for n := min(2, len(args)); n > 0; n-- {
		name := args[0]
		if n == 2 {
			name += " " + args[1]
		}
		for _, c := range commands() {
			if c.name == name {
				return c, args[n:], true
			}
		}
	}
	return command{}, nil, false
}

// flags returns a command's flag set, with its usage text.
func (p *program) flags(c command) *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(p.stderr)
	fs.Usage = func() {
		fmt.Fprintf(p.stdout, "usage: jarvis %s %s\n\n%s.\n", c.name, c.args, c.summary)
		fs.SetOutput(p.stdout)
		flags := 0
		fs.VisitAll(func(*flag.Flag) { flags++ })
		if flags > 0 {
			fmt.Fprint(p.stdout, "\nFlags:\n")
			fs.PrintDefaults()
		}
		fs.SetOutput(p.stderr)
		if c.example != "" {
			fmt.Fprintf(p.stdout, "\nExamples:\n%s\n", c.example)
		}
	}
	return fs
}

// parse reads flags wherever they stand among the positional arguments, of
// which there must be between low and high.
func parse(fs *flag.FlagSet, args []string, low, high int) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, &exitError{code: exitUsage} // the flag set has said it
		}
		if fs.NArg() == 0 {
			break
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
	if len(rest) < low || len(rest) > high {
		return nil, usageError("expected %s, got %d: %q; see `jarvis %s --help`", expected(low, high), len(rest), rest, fs.Name())
	}
	return rest, nil
}

// expected says how many arguments there may be.
func expected(low, high int) string {
	switch {
	case high == 0:
		return "no arguments beside flags"
	case low == high && low == 1:
		return "1 argument"
	case low == high:
		return fmt.Sprintf("%d arguments", low)
	default:
		return fmt.Sprintf("%d to %d arguments", low, high)
	}
}

// interruptible returns a context that the first signal ends.
func (p *program) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case s := <-p.signals:
			cancel(&exitError{code: signalCode(s)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// getenv returns an environment variable, or what counts when it is not set.
func (p *program) getenv(name, otherwise string) string {
	for _, kv := range p.environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok && v != "" {
			return v
		}
	}
	return otherwise
}

// signalCode is a shell's exit code for an end by a signal.
func signalCode(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitFailed
}
