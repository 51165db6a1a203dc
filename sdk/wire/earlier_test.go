package wire

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

// earlier is a plugin of the first release: it knows nothing of events, figures,
// changes and the host's services.
type earlier struct {
	pluginpb.UnimplementedPluginServer
}

func (earlier) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	return &pluginpb.DescribeResponse{Manifest: &pluginpb.Manifest{Id: "old", Version: "1.0.0"}}, nil
}

func (earlier) Configure(context.Context, *pluginpb.ConfigureRequest) (*pluginpb.ConfigureResponse, error) {
	return &pluginpb.ConfigureResponse{}, nil
}

func (earlier) Invoke(_ *pluginpb.InvokeRequest, s grpc.ServerStreamingServer[pluginpb.InvokeResponse]) error {
	return s.Send(&pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_Result{Result: &pluginpb.Result{Text: "as ever"}}})
}

func (earlier) Attach(s grpc.BidiStreamingServer[pluginpb.AttachRequest, pluginpb.AttachResponse]) error {
	if err := s.SendHeader(nil); err != nil {
		return err
	}
	<-s.Context().Done()
	return nil
}

// D08: a plugin of an earlier SDK works with this host; what it does not know
// is unsupported, and nothing else.
func TestAPluginOfAnEarlierSDKWorksWithThisHost(t *testing.T) {
	conn, _ := connect(t, func(s *grpc.Server) { pluginpb.RegisterPluginServer(s, earlier{}) })
	c := NewClient(conn)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone, err := c.Attach(ctx, func(change sdk.Change, err error) { t.Errorf("a change: %+v, %v", change, err) })
	if err != nil {
		t.Fatal(err)
	}
	if m, err := c.Describe(ctx); err != nil || m.ID != "old" {
		t.Errorf("got %+v, %v", m, err)
	}
	if done, err := c.Configure(ctx, sdk.Configuration{Host: sdk.HostAccess{Socket: "/x", Token: "y"}}); err != nil || len(done.Diagnostics) > 0 {
		t.Errorf("got %+v, %v", done, err)
	}
	for ev, err := range c.Invoke(ctx, &sdk.Invocation{Tool: "x"}) {
		if r, ok := ev.(sdk.Result); err != nil || !ok || r.Text != "as ever" {
			t.Errorf("got %+v, %v", ev, err)
		}
	}
	if err := c.OnEvent(ctx, &sdk.Occurrence{Schedule: &sdk.Due{Name: "x"}}); sdk.ErrorCode(err) != sdk.CodeUnsupported {
		t.Errorf("an event: %v", err)
	}
	if _, err := c.Metrics(ctx); sdk.ErrorCode(err) != sdk.CodeUnsupported {
		t.Errorf("figures: %v", err)
	}
	cancel()
	<-gone
}
