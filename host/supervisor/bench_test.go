package supervisor

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/jarvis-host/jarvis/sdk"
)

// F10 of the design: what a call costs through the supervisor and the SDK,
// beside a bare go-plugin program that answers the same text over the same mutual
// TLS, in the same run. Compare the figures of one run only.

// bare is go-plugin and gRPC, and nothing else: a unary method and a stream.
type bare struct{ plugin.NetRPCUnsupportedPlugin }

var bareHandshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BARE", MagicCookieValue: "bare"}

func (bare) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bare.Bare", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Call", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var in wrapperspb.StringValue
			return wrapperspb.String("hello"), decode(&in)
		}}},
		Streams: []grpc.StreamDesc{{StreamName: "Stream", ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			var n wrapperspb.Int64Value
			if err := s.RecvMsg(&n); err != nil {
				return err
			}
			for range n.GetValue() {
				if err := s.SendMsg(wrapperspb.String("word ")); err != nil {
					return err
				}
			}
			return nil
		}}},
	}, nil)
	return nil
}

func (bare) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// serveBare is the whole main of the bare program.
func serveBare() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: bareHandshake, Plugins: plugin.PluginSet{"bare": bare{}}, GRPCServer: plugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
}

func startBare(b *testing.B) *grpc.ClientConn {
	b.Helper()
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: bareHandshake, Plugins: plugin.PluginSet{"bare": bare{}}, Cmd: exec.Command(program(b, "bare")),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, AutoMTLS: true, Logger: hclog.NewNullLogger(),
		SyncStdout: io.Discard, SyncStderr: io.Discard,
	})
	b.Cleanup(client.Kill)
	rpc, err := client.Client()
	if err != nil {
		b.Fatal(err)
	}
	raw, err := rpc.Dispense("bare")
	if err != nil {
		b.Fatal(err)
	}
	return raw.(*grpc.ClientConn)
}

func startOurs(b *testing.B) *Supervisor {
	b.Helper()
	s := New(Options{
		Plugins: []Config{{ID: "good", Path: program(b, "good"), Enabled: true}}, DataDir: b.TempDir(), Shim: shim(), AutoMTLS: true, HostVersion: "1.0.0",
	})
	s.timing.start = patience
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop(context.Background()) })
	return s
}

// measure runs b.N calls from so many callers, and reports their latencies.
func measure(b *testing.B, callers int, call func(ctx context.Context) error) {
	b.Helper()
	if err := call(b.Context()); err != nil { // warm
		b.Fatal(err)
	}
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	runtime.GC()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				began := time.Now()
				if err := call(b.Context()); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs/p99")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

func invoke(s *Supervisor, tool string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for _, err := range s.Invoke(ctx, "good", &sdk.Invocation{Tool: tool, Args: []byte("{}"), Info: sdk.CallInfo{Call: "c", Locale: "en"}}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func BenchmarkF10Call(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("bare/callers=%d", callers), func(b *testing.B) {
			c := startBare(b)
			measure(b, callers, func(ctx context.Context) error {
				var out wrapperspb.StringValue
				return c.Invoke(ctx, "/bare.Bare/Call", wrapperspb.String("hello"), &out)
			})
		})
		b.Run(fmt.Sprintf("jarvis/callers=%d", callers), func(b *testing.B) {
			measure(b, callers, invoke(startOurs(b), "hello"))
		})
	}
}

// pieces is how many texts one streamed answer has.
const pieces = 1000

func BenchmarkF10Stream(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		c := startBare(b)
		for b.Loop() {
			s, err := c.NewStream(b.Context(), &grpc.StreamDesc{ServerStreams: true}, "/bare.Bare/Stream")
			if err != nil {
				b.Fatal(err)
			}
			if err := s.SendMsg(wrapperspb.Int64(pieces)); err != nil {
				b.Fatal(err)
			}
			if err := s.CloseSend(); err != nil {
				b.Fatal(err)
			}
			for err == nil {
				var out wrapperspb.StringValue
				err = s.RecvMsg(&out)
			}
		}
		b.ReportMetric(float64(b.N*pieces)/b.Elapsed().Seconds(), "messages/s")
	})
	b.Run("jarvis", func(b *testing.B) {
		call := invoke(startOurs(b), "talk")
		for b.Loop() {
			if err := call(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*pieces)/b.Elapsed().Seconds(), "messages/s")
	})
}

// interpreter is the Python that Debian's packages for plugins belong to.
const interpreter = "/usr/bin/python3"

// startPython runs the example in Python from where its source is.
func startPython(b *testing.B) *Supervisor {
	b.Helper()
	if err := exec.Command(interpreter, "-c", "import grpc, cryptography").Run(); err != nil {
		b.Skip("no python3-grpcio or python3-cryptography: apt-get install them")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), pluginPrefix+"units")
	source := fmt.Sprintf("#!%s\nimport sys\nsys.dont_write_bytecode = True\nsys.path[:0] = [%q]\nexec(open(%q).read())\n",
		interpreter, filepath.Join(root, "sdk/python"), filepath.Join(root, "examples/units/__main__.py"))
	if err := os.WriteFile(path, []byte(source), 0o700); err != nil {
		b.Fatal(err)
	}
	s := New(Options{
		Plugins: []Config{{ID: "units", Path: path, Enabled: true}}, DataDir: b.TempDir(), Shim: shim(), AutoMTLS: true, HostVersion: "1.0.0",
	})
	s.timing.start = patience
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop(context.Background()) })
	if st := s.List()[0]; st.State != StateReady {
		b.Fatalf("the plugin is %s: %s", st.State, st.Reason)
	}
	return s
}

// BenchmarkF10Python is what a call of a plugin in Python costs; compare it with
// those of BenchmarkF10Call in the same run.
func BenchmarkF10Python(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := startPython(b)
			args := []byte(`{"amount":10,"source":"kilometres","target":"miles"}`)
			measure(b, callers, func(ctx context.Context) error {
				for _, err := range s.Invoke(ctx, "units", &sdk.Invocation{Tool: "convert", Args: args, Info: sdk.CallInfo{Call: "c", Locale: "en"}}) {
					if err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

// BenchmarkD07 is how long it takes until a tool's code knows that its call was
// cancelled, or ran out of time; the goal is 50 ms.
func BenchmarkD07(b *testing.B) {
	for name, end := range map[string]func(ctx context.Context) (context.Context, func() time.Time){
		"cancel": func(ctx context.Context) (context.Context, func() time.Time) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, func() time.Time { at := time.Now(); cancel(); return at }
		},
		"deadline": func(ctx context.Context) (context.Context, func() time.Time) {
			at := time.Now().Add(20 * time.Millisecond)
			ctx, cancel := context.WithDeadline(ctx, at)
			return ctx, func() time.Time { <-ctx.Done(); cancel(); return at }
		},
	} {
		b.Run(name, func(b *testing.B) {
			s := startOurs(b)
			var took []time.Duration
			for b.Loop() {
				ctx, stop := end(b.Context())
				var at time.Time
				for range s.Invoke(ctx, "good", &sdk.Invocation{Tool: "linger", Args: []byte("{}"), Info: sdk.CallInfo{Call: "c", Locale: "en"}}) {
					if at.IsZero() {
						at = stop()
					}
				}
				took = append(took, knew(b, s).Sub(at))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs/p99")
		})
	}
}

// knew is when the plugin's code knew of the end of its call.
func knew(b *testing.B, s *Supervisor) time.Time {
	b.Helper()
	for {
		for ev, err := range s.Invoke(b.Context(), "good", &sdk.Invocation{Tool: "ended", Args: []byte("{}"), Info: sdk.CallInfo{Call: "c", Locale: "en"}}) {
			if err != nil {
				b.Fatal(err)
			}
			if r, ok := ev.(sdk.Result); ok && r.Text != "0" {
				n, err := strconv.ParseInt(r.Text, 10, 64)
				if err != nil {
					b.Fatal(err)
				}
				return time.Unix(0, n)
			}
		}
	}
}
