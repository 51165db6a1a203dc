package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect serves what register registers and returns a connection to it and a
// function that kills the server.
func connect(t *testing.T, register func(*grpc.Server)) (conn *grpc.ClientConn, kill func()) {
	t.Helper()
	return connectTo(t, NewServer(nil), register)
}

func connectTo(t *testing.T, srv *grpc.Server, register func(*grpc.Server)) (conn *grpc.ClientConn, kill func()) {
	t.Helper()
	lis := bufconn.Listen(1 << 20)
	register(srv)
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(lis) })
	conn, err := grpc.NewClient("passthrough:///plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)), // as go-plugin has it
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		srv.Stop()
		served.Wait()
	})
	return conn, srv.Stop
}

func client(t *testing.T, h sdk.Handler) *Client {
	t.Helper()
	conn, _ := connect(t, func(s *grpc.Server) { Register(s, h, nil) })
	return NewClient(conn)
}

// handler is a plugin without the SDK's care.
type handler struct {
	sdk.Handler
	invoke func(ctx context.Context, in *sdk.Invocation) iter.Seq2[sdk.Event, error]
}

func (h handler) Invoke(ctx context.Context, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return h.invoke(ctx, in)
}

// yields answers every call with the same events.
func yields(events ...sdk.Event) sdk.Handler {
	return handler{invoke: func(context.Context, *sdk.Invocation) iter.Seq2[sdk.Event, error] {
		return func(yield func(sdk.Event, error) bool) {
			for _, ev := range events {
				if !yield(ev, nil) {
					return
				}
			}
		}
	}}
}

func collect(seq iter.Seq2[sdk.Event, error]) (events []sdk.Event, err error) {
	for ev, e := range seq {
		if e != nil {
			return events, e
		}
		events = append(events, ev)
	}
	return events, nil
}

func TestAPluginAnswersOverTheWireAsItDoesInProcess(t *testing.T) {
	p := sdk.New("echo", "1.0.0", "Echo").Languages("fr", "en").Needs("net", "a.example:443", "r")
	type in struct {
		Text string `json:"text"`
	}
	sdk.Tool(p, "echo", "Echoes", func(_ context.Context, c *sdk.Call, a in) (string, error) {
		c.Text("so: ")
		c.Progress(1, "done")
		return a.Text, nil
	}, sdk.ReadOnly(), sdk.Say("en", "echo {text}"))
	sdk.Config(p, func(context.Context, struct {
		N int `json:"n" default:"1" max:"3"`
	},
	) error {
		return nil
	})
	c := client(t, p)

	want, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}

	done, err := c.Configure(t.Context(), sdk.Configuration{Values: []byte(`{"n":4}`)})
	if err != nil || len(done.Diagnostics) != 1 || done.Diagnostics[0].Path != "/n" {
		t.Errorf("configured %+v, %v", done, err)
	}

	events, err := collect(c.Invoke(t.Context(), &sdk.Invocation{Tool: "echo", Args: []byte(`{"text":"hé"}`)}))
	if diff := cmp.Diff([]sdk.Event{sdk.Text{Text: "so: "}, sdk.Progress{Fraction: 1, Message: "done"}, sdk.Result{Text: "hé"}}, events); diff != "" || err != nil {
		t.Errorf("events (%v, -want +got):\n%s", err, diff)
	}

	if h, err := c.Health(t.Context()); err != nil || !h.OK {
		t.Errorf("health is %+v, %v", h, err)
	}
	if left, err := c.Drain(t.Context(), time.Second); err != nil || left != 0 {
		t.Errorf("drain leaves %d, %v", left, err)
	}
	if _, err := collect(c.Invoke(t.Context(), &sdk.Invocation{Tool: "echo"})); sdk.ErrorCode(err) != sdk.CodeUnavailable {
		t.Errorf("a drained plugin answers %v", err)
	}
}

func TestACallHasExactlyOneEnd(t *testing.T) {
	for name, c := range map[string]struct {
		plugin sdk.Handler
		want   []sdk.Event
		err    error
	}{
		"one":             {yields(sdk.Text{Text: "a"}, sdk.NotMine{}), []sdk.Event{sdk.Text{Text: "a"}, sdk.NotMine{}}, nil},
		"none":            {yields(sdk.Text{Text: "a"}), []sdk.Event{sdk.Text{Text: "a"}}, errNoEnd},
		"nothing at all":  {yields(), nil, errNoEnd},
		"two":             {yields(sdk.Result{}, sdk.Result{}), nil, errAfterEnd},
		"text behind it":  {yields(sdk.Problem{}, sdk.Text{}), nil, errAfterEnd},
		"a question only": {yields(sdk.NeedInput{Kind: sdk.InputText}), []sdk.Event{sdk.NeedInput{Kind: sdk.InputText}}, nil},
	} {
		got, err := collect(client(t, c.plugin).Invoke(t.Context(), &sdk.Invocation{}))
		if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
			t.Errorf("%s: error %v, want %v (-want +got):\n%s", name, err, c.err, diff)
		}
		if c.err != nil && sdk.ErrorCode(err) != sdk.CodeInternal {
			t.Errorf("%s: code is %s", name, sdk.ErrorCode(err))
		}
	}
}

// D07: the deadline and the cancellation of a call reach the plugin.
func TestCancellingACallReachesThePlugin(t *testing.T) {
	for name, stop := range map[string]func(context.Context) (context.Context, context.CancelFunc, func(cancel func())){
		"cancel": func(ctx context.Context) (context.Context, context.CancelFunc, func(func())) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel, func(func()) { cancel() }
		},
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc, func(func())) {
			ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			return ctx, cancel, func(func()) {}
		},
	} {
		seen := make(chan struct{})
		c := client(t, waiting(seen))
		ctx, cancel, act := stop(t.Context())
		var last error
		for ev, err := range c.Invoke(ctx, &sdk.Invocation{}) {
			if ev != nil {
				act(cancel)
			}
			last = err
		}
		<-seen
		<-ctx.Done() // the plugin's clock may have been first
		if !errors.Is(last, ctx.Err()) {
			t.Errorf("%s: call ended with %v, its context with %v", name, last, ctx.Err())
		}
		if name == "deadline" && sdk.ErrorCode(last) != sdk.CodeTimeout {
			t.Errorf("code is %s", sdk.ErrorCode(last))
		}
		cancel()
	}
}

// waiting is a plugin that says something and then waits for the end of its
// context, of which it tells.
func waiting(seen chan<- struct{}) sdk.Handler {
	return handler{invoke: func(ctx context.Context, _ *sdk.Invocation) iter.Seq2[sdk.Event, error] {
		return func(yield func(sdk.Event, error) bool) {
			yield(sdk.Text{Text: "working"}, nil)
			<-ctx.Done()
			close(seen)
			yield(nil, ctx.Err())
		}
	}}
}

func TestLeavingTheLoopCancelsTheCallInThePlugin(t *testing.T) {
	seen := make(chan struct{})
	for range client(t, waiting(seen)).Invoke(t.Context(), &sdk.Invocation{}) {
		break
	}
	<-seen
}

func TestTooLargeAnAnswerIsRefused(t *testing.T) {
	big := strings.Repeat("x", MaxMessage)
	_, err := collect(client(t, yields(sdk.Result{Text: big})).Invoke(t.Context(), &sdk.Invocation{}))
	if sdk.ErrorCode(err) != sdk.CodeTooLarge {
		t.Errorf("answer: %v", err)
	}
	// A plugin in another language does not bound what it sends.
	conn, _ := connectTo(t, grpc.NewServer(), func(s *grpc.Server) { pluginpb.RegisterPluginServer(s, boundless{big: big}) })
	if _, err := NewClient(conn).Describe(t.Context()); sdk.ErrorCode(err) != sdk.CodeTooLarge {
		t.Errorf("manifest: %v", err)
	}
	_, err = collect(client(t, yields(sdk.Result{})).Invoke(t.Context(), &sdk.Invocation{Args: []byte(`"` + big + `"`)}))
	if sdk.ErrorCode(err) != sdk.CodeTooLarge {
		t.Errorf("arguments: %v", err)
	}
}

type boundless struct {
	pluginpb.UnimplementedPluginServer
	big string
}

func (b boundless) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	return &pluginpb.DescribeResponse{Manifest: &pluginpb.Manifest{Description: b.big}}, nil
}

func TestErrorsKeepTheirCodes(t *testing.T) {
	for in, want := range map[error]sdk.Code{
		&sdk.Error{Code: sdk.CodeInvalid}:         sdk.CodeInvalid,
		&sdk.Error{Code: sdk.CodeUnauthenticated}: sdk.CodeUnauthenticated,
		&sdk.Error{Code: sdk.CodeForbidden}:       sdk.CodeForbidden,
		&sdk.Error{Code: sdk.CodeNotFound}:        sdk.CodeNotFound,
		&sdk.Error{Code: sdk.CodeTimeout}:         sdk.CodeTimeout,
		&sdk.Error{Code: sdk.CodeConflict}:        sdk.CodeConflict,
		&sdk.Error{Code: sdk.CodeTooLarge}:        sdk.CodeTooLarge,
		&sdk.Error{Code: sdk.CodeUnsupported}:     sdk.CodeUnsupported,
		&sdk.Error{Code: sdk.CodeUnavailable}:     sdk.CodeUnavailable,
		&sdk.Error{Code: sdk.CodeBusy}:            sdk.CodeUnavailable,
		&sdk.Error{Code: sdk.CodeInternal}:        sdk.CodeInternal,
		io.ErrUnexpectedEOF:                       sdk.CodeInternal,
		context.DeadlineExceeded:                  sdk.CodeTimeout,
		context.Canceled:                          sdk.CodeUnavailable, // not ours: the plugin gave up
	} {
		c := client(t, handler{invoke: func(context.Context, *sdk.Invocation) iter.Seq2[sdk.Event, error] {
			return func(yield func(sdk.Event, error) bool) { yield(nil, fmt.Errorf("wrapped: %w", in)) }
		}})
		_, err := collect(c.Invoke(t.Context(), &sdk.Invocation{}))
		if sdk.ErrorCode(err) != want {
			t.Errorf("%v arrives as %v, want code %s", in, err, want)
		}
	}
}

func TestAPluginWithoutAMethodIsUnsupported(t *testing.T) {
	conn, _ := connect(t, func(s *grpc.Server) {
		pluginpb.RegisterPluginServer(s, pluginpb.UnimplementedPluginServer{})
	})
	c := NewClient(conn)
	_, describe := c.Describe(t.Context())
	_, configure := c.Configure(t.Context(), sdk.Configuration{})
	_, invoke := collect(c.Invoke(t.Context(), &sdk.Invocation{}))
	_, health := c.Health(t.Context())
	_, drain := c.Drain(t.Context(), 0)
	_, attach := c.Attach(t.Context(), nil)
	for i, err := range []error{describe, configure, invoke, health, drain, attach} {
		if sdk.ErrorCode(err) != sdk.CodeUnsupported {
			t.Errorf("method %d: %v", i, err)
		}
	}
}

func TestEachSideLearnsThatTheOtherIsGone(t *testing.T) {
	p := sdk.New("x", "1.0.0", "X")
	t.Run("the host", func(t *testing.T) {
		detached := make(chan struct{}, 1)
		conn, _ := connect(t, func(s *grpc.Server) { Register(s, p, func() { detached <- struct{}{} }) })
		ctx, cancel := context.WithCancel(t.Context())
		gone, err := NewClient(conn).Attach(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-gone:
			t.Error("plugin counts as gone while it lives")
		case <-detached:
			t.Error("host counts as gone while it lives")
		default:
		}
		cancel()
		<-detached
		<-gone
	})
	t.Run("the plugin", func(t *testing.T) {
		conn, kill := connect(t, func(s *grpc.Server) { Register(s, p, nil) })
		gone, err := NewClient(conn).Attach(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		kill()
		<-gone
		if _, err := NewClient(conn).Attach(t.Context(), nil); err == nil {
			t.Error("attached to a plugin that is gone")
		}
	})
}

func TestACallThatIsLostWithItsPluginIsUnavailable(t *testing.T) {
	seen := make(chan struct{})
	conn, kill := connect(t, func(s *grpc.Server) { Register(s, waiting(seen), nil) })
	var last error
	for ev, err := range NewClient(conn).Invoke(t.Context(), &sdk.Invocation{}) {
		if ev != nil {
			go kill()
		}
		last = err
	}
	<-seen
	if sdk.ErrorCode(last) != sdk.CodeUnavailable || t.Context().Err() != nil {
		t.Errorf("lost call ends with %v", last)
	}
}

func TestArgumentsThatAreNoJSONNeverReachThePlugin(t *testing.T) {
	conn, _ := connect(t, func(s *grpc.Server) { Register(s, yields(sdk.Result{}), nil) })
	stream, err := pluginpb.NewPluginClient(conn).Invoke(t.Context(), &pluginpb.InvokeRequest{Args: []byte("{")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.InvalidArgument {
		t.Errorf("error is %v", err)
	}
}

func TestManyCallsShareAConnection(t *testing.T) {
	p := sdk.New("echo", "1.0.0", "Echo").Use(sdk.Environment{Log: slog.New(slog.DiscardHandler)})
	sdk.Tool(p, "echo", "Echoes", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		c.Text(c.Info().Call)
		if strings.HasSuffix(c.Info().Call, "7") {
			panic("seven")
		}
		return "", nil
	})
	c := client(t, p)
	var wg sync.WaitGroup
	for n := range 64 {
		wg.Go(func() {
			id := fmt.Sprint(n)
			events, err := collect(c.Invoke(t.Context(), &sdk.Invocation{Tool: "echo", Info: sdk.CallInfo{Call: id}}))
			if err != nil || len(events) != 2 || !slices.Contains(events, sdk.Event(sdk.Text{Text: id})) {
				t.Errorf("call %s: %v, %v", id, events, err)
			}
		})
	}
	wg.Wait()
}
