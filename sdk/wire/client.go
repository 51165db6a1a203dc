package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

// Client is a plugin as its host sees it. It does not trust the plugin:
// messages are bounded, and what breaks the contract is an error. Its errors
// are [*sdk.Error] without a message for the person; an ended context can be
// found in them with [errors.Is]. It waits as long as its contexts allow, so
// give each a deadline. Safe for concurrent use.
type Client struct {
	rpc   pluginpb.PluginClient
	calls underway
}

var _ sdk.Handler = (*Client)(nil)

// NewClient returns a client over a connection that someone else closes.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{rpc: pluginpb.NewPluginClient(conn)}
}

// bounds go with every call, because a connection of go-plugin allows 2 GiB.
var bounds = []grpc.CallOption{grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)}

// What a plugin can do wrong with the end of a call.
var (
	errNoEnd    = errors.New("plugin ended the call without a result, problem, question or refusal")
	errAfterEnd = errors.New("plugin sent more after the end of the call")
)

// Describe implements [sdk.Handler].
func (c *Client) Describe(ctx context.Context) (*sdk.Manifest, error) {
	resp, err := c.rpc.Describe(ctx, &pluginpb.DescribeRequest{}, bounds...)
	if err != nil {
		return nil, fromStatus(ctx, "describe plugin", err)
	}
	m, err := toManifest(resp.GetManifest())
	if err != nil {
		return nil, broken("decode manifest", err)
	}
	return m, nil
}

// Configure implements [sdk.Handler].
func (c *Client) Configure(ctx context.Context, cfg sdk.Configuration) (*sdk.Configured, error) {
	resp, err := c.rpc.Configure(ctx, fromConfiguration(cfg), bounds...)
	if err != nil {
		return nil, fromStatus(ctx, "configure plugin", err)
	}
	done, err := toConfigured(resp)
	if err != nil {
		return nil, broken("decode tools on offer", err)
	}
	return done, nil
}

// Invoke implements [sdk.Handler]. The end of a call is passed on when the
// plugin closed the stream behind it.
func (c *Client) Invoke(ctx context.Context, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return func(yield func(sdk.Event, error) bool) {
		// Leaving the loop has to end the stream, in the plugin as well.
		own, cancel := context.WithCancel(ctx)
		defer cancel()
		defer c.calls.enter()()
		stream, err := c.rpc.Invoke(own, fromInvocation(in), bounds...)
		if err != nil {
			yield(nil, fromStatus(ctx, "invoke tool", err))
			return
		}
		var end sdk.Event
		for {
			resp, err := stream.Recv()
			if err != nil {
				yield(last(ctx, end, err))
				return
			}
			ev, err := toEvent(resp)
			if err == nil && end != nil {
				err = errAfterEnd
			}
			switch {
			case err != nil:
				yield(nil, broken("invoke tool", err))
				return
			case isEnd(ev):
				end = ev
			case !yield(ev, nil):
				return
			}
		}
	}
}

// last is what a stream that ended with err yields last.
func last(ctx context.Context, end sdk.Event, err error) (sdk.Event, error) {
	if !errors.Is(err, io.EOF) {
		return nil, fromStatus(ctx, "invoke tool", err)
	}
	if end == nil {
		return nil, broken("invoke tool", errNoEnd)
	}
	return end, nil
}

func isEnd(ev sdk.Event) bool {
	switch ev.(type) {
	case sdk.Text, sdk.Progress:
		return false
	}
	return true
}

// Health implements [sdk.Handler].
func (c *Client) Health(ctx context.Context) (sdk.Health, error) {
	resp, err := c.rpc.Health(ctx, &pluginpb.HealthRequest{}, bounds...)
	if err != nil {
		return sdk.Health{}, fromStatus(ctx, "ask for health", err)
	}
	return sdk.Health{OK: resp.GetOk(), Message: resp.GetMessage(), InFlight: int(resp.GetInFlight())}, nil
}

// Drain implements [sdk.Handler].
func (c *Client) Drain(ctx context.Context, grace time.Duration) (unfinished int, err error) {
	resp, err := c.rpc.Drain(ctx, &pluginpb.DrainRequest{Grace: durationpb.New(grace)}, bounds...)
	if err != nil {
		return 0, fromStatus(ctx, "drain plugin", err)
	}
	return int(resp.GetUnfinished()), nil
}

// Attach ties plugin and host together: done is closed when the plugin is
// gone, and the plugin ends when ctx does. It owns a goroutine until then,
// which calls changed, unless nil, with what the plugin says has changed; a
// change that breaks the contract is an error there.
func (c *Client) Attach(ctx context.Context, changed func(sdk.Change, error)) (done <-chan struct{}, err error) {
	stream, err := c.rpc.Attach(ctx, bounds...)
	if err != nil {
		return nil, fromStatus(ctx, "attach to plugin", err)
	}
	header, err := stream.Header()
	if err == nil && header == nil { // it ended without so much as headers
		_, err = stream.Recv()
	}
	if err != nil {
		return nil, fromStatus(ctx, "attach to plugin", err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			resp, err := stream.Recv()
			if err != nil {
				return
			}
			if changed != nil {
				changed(toChange(resp))
			}
		}
	}()
	return gone, nil
}

func broken(doing string, err error) error {
	return &sdk.Error{Code: sdk.CodeInternal, Err: fmt.Errorf("%s: %w", doing, err)}
}
