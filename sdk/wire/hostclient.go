package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/hostpb"
)

// HostClient is the host's services as a plugin sees them. Its errors are
// [*sdk.Error]. A call without a deadline gets one of ten seconds, except
// Generate. Safe for concurrent use.
type HostClient struct {
	conn  *grpc.ClientConn
	rpc   hostpb.HostClient
	token string
}

var _ sdk.Services = (*HostClient)(nil)

// Dial returns the services at a socket; it connects with the first call. Close
// ends it.
func Dial(a sdk.HostAccess) (sdk.Services, error) {
	conn, err := grpc.NewClient("unix:"+a.Socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(bounds...))
	if err != nil {
		return nil, fmt.Errorf("dial host: %w", err)
	}
	return &HostClient{conn: conn, rpc: hostpb.NewHostClient(conn), token: a.Token}, nil
}

// Close ends all calls.
func (c *HostClient) Close() error { return c.conn.Close() }

func (c *HostClient) as(ctx context.Context, call string) context.Context {
	pairs := []string{tokenKey, c.token}
	if call != "" {
		pairs = append(pairs, callKey, clean(call))
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// ask makes one call.
func ask[Q, A any](ctx context.Context, c *HostClient, call, doing string, req *Q, rpc func(context.Context, *Q, ...grpc.CallOption) (*A, error)) (*A, error) {
	own, cancel := bounded(c.as(ctx, call))
	defer cancel()
	resp, err := rpc(own, req)
	if err != nil {
		return nil, fromStatus(ctx, doing, err)
	}
	return resp, nil
}

// GetValue implements [sdk.Services].
func (c *HostClient) GetValue(ctx context.Context, call string, scope sdk.Scope, key string) (*sdk.Value, error) {
	resp, err := ask(ctx, c, call, "read value", &hostpb.GetValueRequest{Scope: fromScope(scope), Key: clean(key)}, c.rpc.GetValue)
	if err != nil || resp.GetValue() == nil {
		return nil, err
	}
	v := resp.GetValue()
	return &sdk.Value{Data: v.GetData(), Version: v.GetVersion(), Expires: toTime(v.GetExpires())}, nil
}

// SetValue implements [sdk.Services].
func (c *HostClient) SetValue(ctx context.Context, call string, scope sdk.Scope, key string, data []byte, ttl time.Duration, ifVersion *int64) (int64, error) {
	req := &hostpb.SetValueRequest{Scope: fromScope(scope), Key: clean(key), Data: data, IfVersion: ifVersion}
	if ttl != 0 {
		req.Ttl = durationpb.New(ttl)
	}
	resp, err := ask(ctx, c, call, "keep value", req, c.rpc.SetValue)
	return resp.GetVersion(), err
}

// DeleteValue implements [sdk.Services].
func (c *HostClient) DeleteValue(ctx context.Context, call string, scope sdk.Scope, key string, ifVersion *int64) (bool, error) {
	req := &hostpb.DeleteValueRequest{Scope: fromScope(scope), Key: clean(key), IfVersion: ifVersion}
	resp, err := ask(ctx, c, call, "delete value", req, c.rpc.DeleteValue)
	return resp.GetFound(), err
}

// ListValues implements [sdk.Services].
func (c *HostClient) ListValues(ctx context.Context, call string, scope sdk.Scope, prefix, after string, limit int) ([]string, error) {
	req := &hostpb.ListValuesRequest{Scope: fromScope(scope), Prefix: clean(prefix), After: clean(after), Limit: int32of(limit)}
	resp, err := ask(ctx, c, call, "list values", req, c.rpc.ListValues)
	return resp.GetKeys(), err
}

// PutSchedule implements [sdk.Services].
func (c *HostClient) PutSchedule(ctx context.Context, call string, s sdk.Schedule) (time.Time, error) {
	resp, err := ask(ctx, c, call, "keep schedule", &hostpb.PutScheduleRequest{Schedule: fromSchedule(s)}, c.rpc.PutSchedule)
	return toTime(resp.GetNext()), err
}

// ListSchedules implements [sdk.Services].
func (c *HostClient) ListSchedules(ctx context.Context, call string) ([]sdk.Pending, error) {
	resp, err := ask(ctx, c, call, "list schedules", &hostpb.ListSchedulesRequest{}, c.rpc.ListSchedules)
	if err != nil {
		return nil, err
	}
	var all []sdk.Pending
	for _, p := range resp.GetPending() {
		s, err := toSchedule(p.GetSchedule())
		if err != nil {
			return nil, broken("list schedules", err)
		}
		all = append(all, sdk.Pending{Schedule: s, Next: toTime(p.GetNext())})
	}
	return all, nil
}

// CancelSchedule implements [sdk.Services].
func (c *HostClient) CancelSchedule(ctx context.Context, call, name string) (bool, error) {
	resp, err := ask(ctx, c, call, "cancel schedule", &hostpb.CancelScheduleRequest{Name: clean(name)}, c.rpc.CancelSchedule)
	return resp.GetFound(), err
}

// Notify implements [sdk.Services].
func (c *HostClient) Notify(ctx context.Context, call string, n sdk.Notice) (string, error) {
	req := &hostpb.NotifyRequest{Text: clean(n.Text), Kind: clean(n.Kind), Due: fromTime(n.Due)}
	resp, err := ask(ctx, c, call, "notify", req, c.rpc.Notify)
	return resp.GetNotice(), err
}

// WithdrawNotice implements [sdk.Services].
func (c *HostClient) WithdrawNotice(ctx context.Context, call, id string) (bool, error) {
	resp, err := ask(ctx, c, call, "withdraw notice", &hostpb.WithdrawNoticeRequest{Notice: clean(id)}, c.rpc.WithdrawNotice)
	return resp.GetFound(), err
}

// errCut says that a model's answer did not come to its end.
var errCut = errors.New("answer was cut off")

// Generate implements [sdk.Services].
func (c *HostClient) Generate(ctx context.Context, call string, p sdk.Prompt) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		own, cancel := context.WithCancel(c.as(ctx, call))
		defer cancel()
		stream, err := c.rpc.Generate(own, fromPrompt(p))
		if err != nil {
			yield("", fromStatus(ctx, "generate", err))
			return
		}
		for whole := false; ; {
			resp, err := stream.Recv()
			switch {
			case errors.Is(err, io.EOF) && whole:
				return
			case errors.Is(err, io.EOF):
				yield("", &sdk.Error{Code: sdk.CodeUnavailable, Err: errCut})
				return
			case err != nil:
				yield("", fromStatus(ctx, "generate", err))
				return
			}
			switch piece := resp.GetPiece().(type) {
			case *hostpb.GenerateResponse_Text:
				if !yield(piece.Text, nil) {
					return
				}
			case *hostpb.GenerateResponse_Usage:
				whole = true
			}
		}
	}
}

// Embed implements [sdk.Services].
func (c *HostClient) Embed(ctx context.Context, call string, texts []string) (string, [][]float32, error) {
	req := &hostpb.EmbedRequest{}
	for _, t := range texts {
		req.Texts = append(req.Texts, clean(t))
	}
	resp, err := ask(ctx, c, call, "embed", req, c.rpc.Embed)
	if err != nil {
		return "", nil, err
	}
	var vectors [][]float32
	for _, v := range resp.GetVectors() {
		vectors = append(vectors, v.GetValues())
	}
	return resp.GetModel(), vectors, nil
}

// SearchMemory implements [sdk.Services].
func (c *HostClient) SearchMemory(ctx context.Context, call, query string, limit int) ([]sdk.Memory, error) {
	req := &hostpb.SearchMemoryRequest{Query: clean(query), Limit: int32of(limit)}
	resp, err := ask(ctx, c, call, "search memory", req, c.rpc.SearchMemory)
	var all []sdk.Memory
	for _, m := range resp.GetMemories() {
		all = append(all, sdk.Memory{ID: m.GetId(), Text: m.GetText(), At: toTime(m.GetAt())})
	}
	return all, err
}

// Remember implements [sdk.Services].
func (c *HostClient) Remember(ctx context.Context, call, text string) (string, error) {
	resp, err := ask(ctx, c, call, "remember", &hostpb.RememberRequest{Text: clean(text)}, c.rpc.Remember)
	return resp.GetId(), err
}

// Forget implements [sdk.Services].
func (c *HostClient) Forget(ctx context.Context, call, id string) (bool, error) {
	resp, err := ask(ctx, c, call, "forget", &hostpb.ForgetRequest{Id: clean(id)}, c.rpc.Forget)
	return resp.GetFound(), err
}

// Say implements [sdk.Services].
func (c *HostClient) Say(ctx context.Context, call, session, text string) (sdk.Said, error) {
	resp, err := ask(ctx, c, call, "say", &hostpb.SayRequest{Session: clean(session), Text: clean(text)}, c.rpc.Say)
	return sdk.Said{Turn: resp.GetTurn(), Notice: resp.GetNotice()}, err
}

// Secret implements [sdk.Services].
func (c *HostClient) Secret(ctx context.Context, call, name string) (string, error) {
	resp, err := ask(ctx, c, call, "read secret", &hostpb.GetSecretRequest{Name: clean(name)}, c.rpc.GetSecret)
	return resp.GetValue(), err
}
