package wire

import (
	"context"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

// What a plugin hears of and tells beside its calls: events, figures, changes
// of its offer.

func fromOccurrence(ev *sdk.Occurrence) *pluginpb.OnEventRequest {
	pb := &pluginpb.OnEventRequest{Info: fromInfo(ev.Info)}
	switch {
	case ev.Schedule != nil:
		pb.Event = &pluginpb.OnEventRequest_Schedule{Schedule: &pluginpb.ScheduleDue{
			Name: clean(ev.Schedule.Name), Data: ev.Schedule.Data, Due: fromTime(ev.Schedule.At), Late: ev.Schedule.Late,
		}}
	case ev.Notice != nil:
		pb.Event = &pluginpb.OnEventRequest_Notice{Notice: &pluginpb.NoticeAcknowledged{Notice: clean(ev.Notice.Notice)}}
	}
	return pb
}

func toOccurrence(pb *pluginpb.OnEventRequest) (*sdk.Occurrence, error) {
	ev := &sdk.Occurrence{Info: toInfo(pb.GetInfo())}
	switch e := pb.GetEvent().(type) {
	case *pluginpb.OnEventRequest_Schedule:
		data, err := toJSON("data", e.Schedule.GetData())
		if err != nil {
			return nil, err
		}
		ev.Schedule = &sdk.Due{Name: e.Schedule.GetName(), Data: data, At: toTime(e.Schedule.GetDue()), Late: e.Schedule.GetLate()}
	case *pluginpb.OnEventRequest_Notice:
		ev.Notice = &sdk.Acknowledged{Notice: e.Notice.GetNotice()}
	}
	return ev, nil
}

// OnEvent implements [sdk.EventHandler].
func (c *Client) OnEvent(ctx context.Context, ev *sdk.Occurrence) error {
	if _, err := c.rpc.OnEvent(ctx, fromOccurrence(ev), bounds...); err != nil {
		return fromStatus(ctx, "tell plugin of event", err)
	}
	return nil
}

// Metrics implements [sdk.Meter].
func (c *Client) Metrics(ctx context.Context) ([]sdk.Metric, error) {
	resp, err := c.rpc.Metrics(ctx, &pluginpb.MetricsRequest{}, bounds...)
	if err != nil {
		return nil, fromStatus(ctx, "ask for metrics", err)
	}
	var all []sdk.Metric
	for _, m := range resp.GetMetrics() {
		metric := sdk.Metric{Name: m.GetName(), Help: m.GetHelp(), Counter: m.GetCounter()}
		for _, s := range m.GetSamples() {
			metric.Samples = append(metric.Samples, sdk.Sample{Labels: s.GetLabels(), Value: s.GetValue()})
		}
		all = append(all, metric)
	}
	return all, nil
}

func (s *server) OnEvent(ctx context.Context, req *pluginpb.OnEventRequest) (*pluginpb.OnEventResponse, error) {
	h, ok := s.handler.(sdk.EventHandler)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "this plugin hears of no events")
	}
	ev, err := toOccurrence(req)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "decode event: %v", err)
	}
	if err := h.OnEvent(ctx, ev); err != nil {
		return nil, toStatus(err)
	}
	return &pluginpb.OnEventResponse{}, nil
}

func (s *server) Metrics(ctx context.Context, _ *pluginpb.MetricsRequest) (*pluginpb.MetricsResponse, error) {
	h, ok := s.handler.(sdk.Meter)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "this plugin has no metrics")
	}
	all, err := h.Metrics(ctx)
	if err != nil {
		return nil, toStatus(err)
	}
	resp := &pluginpb.MetricsResponse{}
	for _, m := range all {
		pb := &pluginpb.Metric{Name: clean(m.Name), Help: clean(m.Help), Counter: m.Counter}
		for _, sample := range m.Samples {
			labels := map[string]string{}
			for k, v := range sample.Labels {
				labels[clean(k)] = clean(v)
			}
			pb.Samples = append(pb.Samples, &pluginpb.Sample{Labels: labels, Value: sample.Value})
		}
		resp.Metrics = append(resp.Metrics, pb)
	}
	return resp, nil
}

// watch tells an attached host of changes until the stream ends.
func (s *server) watch(ctx context.Context, stream grpc.BidiStreamingServer[pluginpb.AttachRequest, pluginpb.AttachResponse]) {
	w, ok := s.handler.(sdk.Watcher)
	if !ok {
		return
	}
	var last sdk.Change
	_ = w.Watch(ctx, func(c sdk.Change) error { // it ends with the stream
		if c.Tools != nil && !reflect.DeepEqual(c.Tools, last.Tools) {
			tools, err := each(c.Tools, fromTool)
			if err != nil {
				return err
			}
			change := &pluginpb.AttachResponse_ToolsChanged{ToolsChanged: &pluginpb.Offer{Tools: tools}}
			if err := stream.Send(&pluginpb.AttachResponse{Change: change}); err != nil {
				return err
			}
		}
		if c.Lists != nil && !reflect.DeepEqual(c.Lists, last.Lists) {
			lists, err := each(c.Lists, fromVocabulary)
			if err != nil {
				return err
			}
			change := &pluginpb.AttachResponse_ListsChanged{ListsChanged: &pluginpb.ListsChanged{Vocabulary: lists}}
			if err := stream.Send(&pluginpb.AttachResponse{Change: change}); err != nil {
				return err
			}
		}
		last = c
		return nil
	})
}

// toChange reads what a plugin tells; what it tells wrongly is no change.
func toChange(pb *pluginpb.AttachResponse) (sdk.Change, error) {
	switch c := pb.GetChange().(type) {
	case *pluginpb.AttachResponse_ToolsChanged:
		tools, err := each(c.ToolsChanged.GetTools(), toTool)
		if tools == nil {
			tools = []sdk.ToolSpec{}
		}
		return sdk.Change{Tools: tools}, err
	case *pluginpb.AttachResponse_ListsChanged:
		lists, err := each(c.ListsChanged.GetVocabulary(), toVocabulary)
		return sdk.Change{Lists: lists}, err
	}
	return sdk.Change{}, nil
}
