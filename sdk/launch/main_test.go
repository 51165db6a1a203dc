package launch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
	"github.com/jarvis-host/jarvis/sdk/serve"
	"github.com/jarvis-host/jarvis/sdk/wire"

	"go.uber.org/goleak"
)

// The test binary is the host, its shim and every plugin at once.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "__exec":
			os.Exit(launch.Shim(os.Args[2:]))
		case "__plugin":
			plugins[os.Args[2]]()
			return
		case "__host":
			beHost(os.Args[2:])
			return
		}
	}
	// A program with the race detector sleeps a second when it ends, by default.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// plugins are the strangers, by name.
var plugins = map[string]func(){
	"healthy": func() { serveWell(good()) },
	"raw":     func() { serveRaw(good(), wire.Handshake, wire.ProtocolVersion) },

	"crash": func() { fmt.Fprintln(os.Stderr, "I have no key"); os.Exit(3) },
	"logs": func() {
		fmt.Fprintln(os.Stderr, `{"@level":"error","@message":"plugin is declared wrongly","@timestamp":"2026-05-01T18:00:00Z","error":"tool wash: odd"}`)
		os.Exit(3)
	},
	"silent": func() { select {} },
	"noise":  func() { fmt.Println("Loading model..."); serveWell(good()) },
	"endless": func() {
		for {
			fmt.Print(strings.Repeat("x", 64<<10))
		}
	},
	"tcp":        func() { announce("tcp", "127.0.0.1:80") },
	"elsewhere":  func() { announce("unix", "/tmp/another.sock") },
	"no-socket":  func() { announce("unix", filepath.Join(os.Getenv(plugin.EnvUnixSocketDir), "none")) },
	"no-service": announceDeafSocket,
	"cookie": func() {
		other := wire.Handshake
		other.MagicCookieValue = "another host"
		serveRaw(good(), other, wire.ProtocolVersion)
	},
	"version": func() { serveRaw(good(), wire.Handshake, wire.ProtocolVersion+1) },
	"panic":   func() { panic("boom") },
	"bad-log": func() {
		fmt.Fprintln(os.Stderr, `{"@message":5}`)
		fmt.Fprintln(os.Stderr, `{"@level":["info"],"@message":"x","@timestamp":{}}`)
		serveWell(good())
	},
	"stderr-flood": func() {
		go func() {
			for {
				fmt.Fprintln(os.Stderr, "I am a chatterbox")
			}
		}()
		serveWell(good())
	},
	"grandchild": func() { fork(&syscall.SysProcAttr{}); serveWell(good()) },
	"runaway":    func() { fork(&syscall.SysProcAttr{Setsid: true}); serveWell(good()) },
	"sleeper":    func() { select {} },
}

// good is a plugin whose tools do what the tests ask for.
func good() *sdk.Plugin {
	p := sdk.New("good", "1.0.0", "For tests")
	sdk.Tool(p, "big", "Answers with many bytes", func(context.Context, *sdk.Call, struct{}) (string, error) {
		return strings.Repeat("x", 64<<20), nil
	}, sdk.ReadOnly())
	sdk.Tool(p, "shout", "Writes a megabyte without an end to descriptor 1", func(context.Context, *sdk.Call, struct{}) (string, error) {
		_, err := syscall.Write(1, []byte(strings.Repeat("x", 1<<20)))
		return "done", err
	}, sdk.ReadOnly())
	sdk.Tool(p, "panic", "Ends the process", func(context.Context, *sdk.Call, struct{}) (string, error) {
		go panic("boom")
		select {}
	}, sdk.ReadOnly())
	sdk.Tool(p, "environment", "Tells its environment", func(context.Context, *sdk.Call, struct{}) (string, error) {
		return strings.Join(os.Environ(), "\n"), nil
	}, sdk.ReadOnly())
	return p
}

func serveWell(p *sdk.Plugin) {
	os.Args = os.Args[:1]
	serve.Main(p)
}

// serveRaw is a plugin whose descriptor 1 stays the host's pipe.
func serveRaw(p *sdk.Plugin, h plugin.HandshakeConfig, version int) {
	set := wire.PluginSet(p, func() { os.Exit(0) })[wire.ProtocolVersion]
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: h, VersionedPlugins: map[int]plugin.PluginSet{version: set}, GRPCServer: plugin.DefaultGRPCServer,
	})
}

// announce lies about the address.
func announce(network, address string) {
	fmt.Printf("1|1|%s|%s|grpc|%s\n", network, address, strings.Repeat("A", 60))
	select {}
}

// announceDeafSocket has a socket that nobody serves.
func announceDeafSocket() {
	path := filepath.Join(os.Getenv(plugin.EnvUnixSocketDir), "deaf")
	if _, err := net.Listen("unix", path); err != nil {
		panic(err)
	}
	fmt.Printf("1|1|unix|%s|grpc|\n", path)
	select {}
}

// fork starts a process that keeps the standard output open.
func fork(attr *syscall.SysProcAttr) {
	cmd := exec.Command(os.Args[0], "__plugin", "sleeper")
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, os.Stderr, attr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

// beHost starts a plugin, prints its footprint and waits to be killed.
func beHost(args []string) {
	spec := launch.Spec{Path: os.Args[0], Args: []string{"__plugin", args[0]}, SocketDir: args[1]}
	if args[2] == "shim" {
		spec.Shim = []string{os.Args[0], "__exec"}
	}
	p, err := launch.Start(context.Background(), spec)
	if err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(p.Footprint()); err != nil {
		panic(err)
	}
	select {}
}

const patience = 10 * time.Second

// eventually polls until ok, and fails the test when that takes too long.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}
