// Package serve is a plugin's whole main: it serves a [sdk.Plugin] to the host
// that started the process, and ends the process when that host is gone.
package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // people's time zones, on machines that have none

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

// Exit codes of a plugin.
const (
	exitOK     = 0
	exitFailed = 1 // the plugin's declaration is wrong
	exitUsage  = 2 // no host started it
)

// Main serves the plugin and does not return. Started by hand it explains
// itself; `describe` prints the manifest as JSON.
//
// While it serves: slog's default logger and the log package write to the
// host's log, what anyone prints to the standard output becomes a line of that
// log, interrupts are left to the host, and the process ends by itself within
// two seconds when the host is gone.
func Main(p *sdk.Plugin) {
	code := run(p, os.Args[1:], os.Stdout, os.Stderr)
	os.Exit(code) //nolint:forbidigo // it is a program's main
}

func run(p *sdk.Plugin, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		return command(p, args, stdout, stderr)
	}
	if os.Getenv(wire.Handshake.MagicCookieKey) != wire.Handshake.MagicCookieValue {
		_, _ = io.WriteString(stderr, usage(p))
		return exitUsage
	}
	if id := os.Getenv(sdk.InstanceVariable); id != "" {
		p.Rename(id)
	}
	log := slog.New(NewHandler(stderr))
	slog.SetDefault(log)
	if err := conceal(); err != nil {
		log.Warn("other processes can read this one's memory", "error", err)
	}
	if err := p.Err(); err != nil {
		log.Error("plugin is declared wrongly", "error", err)
		return exitFailed
	}
	serve(p.Use(environment(os.Getenv(WorldVariable))), log)
	return exitOK
}

// command does what someone at a terminal may ask of a plugin.
func command(p *sdk.Plugin, args []string, stdout, stderr io.Writer) int {
	switch strings.TrimLeft(args[0], "-") {
	case "h", "help":
		_, _ = io.WriteString(stdout, usage(p))
		return exitOK
	case "describe":
		return describe(p, stdout, stderr)
	}
	fmt.Fprintf(stderr, "unknown argument %q\n\n%s", args[0], usage(p))
	return exitUsage
}

func describe(p *sdk.Plugin, stdout, stderr io.Writer) int {
	m, err := p.Describe(context.Background())
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	enc := json.NewEncoder(stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitOK
}

func usage(p *sdk.Plugin) string {
	return fmt.Sprintf(`This program is a plugin of Jarvis: %s. A Jarvis host starts it and talks to it;
started by hand it only tells about itself.

  %[2]s describe   print its manifest as JSON
  %[2]s --help     print this

To use it, put it where the host finds its plugins and enable it there.
`, identity(p), os.Args[0])
}

func identity(p *sdk.Plugin) string {
	m, err := p.Describe(context.Background())
	if err != nil {
		return "one whose declaration is wrong"
	}
	return m.ID + " " + m.Version + ", " + m.Description
}

// serve returns when the host wants it to, or is gone.
func serve(p *sdk.Plugin, log *slog.Logger) {
	// The host decides when a plugin ends; a terminal's interrupt reaches the
	// whole group. Caught, not ignored: children would inherit that.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)
	std, err := capture(log)
	if err != nil {
		log.Warn("standard output is not captured", "error", err)
	}
	gone := make(chan struct{}, 1)
	detached := func() {
		select {
		case gone <- struct{}{}:
		default:
		}
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  wire.Handshake,
			VersionedPlugins: wire.PluginSet(p, detached),
			GRPCServer:       server(std),
			Logger: hclog.New(&hclog.LoggerOptions{
				Output: std.stderr, JSONFormat: true, Level: hclog.Warn, Name: "serve",
			}),
		})
	}()
	select {
	case <-served:
	case <-gone:
	case <-orphaned(os.Getppid, time.NewTicker(watchEvery).C):
	}
}

// server makes the gRPC server. go-plugin puts pipes of its own in the place
// of the standard streams before it serves; the first call takes them back.
func server(std *streams) func([]grpc.ServerOption) *grpc.Server {
	var once sync.Once
	return func(opts []grpc.ServerOption) *grpc.Server {
		return wire.NewServer(append(opts, grpc.ChainUnaryInterceptor(
			func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
				once.Do(std.restore)
				return next(ctx, req)
			})))
	}
}

// watchEvery is how often a plugin looks whether its parent still lives.
const watchEvery = 500 * time.Millisecond

// orphaned returns a channel that is closed when the process has another
// parent than at first. It owns a goroutine until then.
func orphaned(ppid func() int, tick <-chan time.Time) <-chan struct{} {
	first, gone := ppid(), make(chan struct{})
	go func() {
		defer close(gone)
		for range tick {
			if ppid() != first {
				return
			}
		}
	}()
	return gone
}
