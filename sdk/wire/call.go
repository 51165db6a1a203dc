package wire

import (
	"fmt"
	"math"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

func fromConfiguration(c sdk.Configuration) *pluginpb.ConfigureRequest {
	return &pluginpb.ConfigureRequest{
		Values: c.Values, ValidateOnly: c.ValidateOnly, Granted: fromNeeds(c.Granted), HostVersion: clean(c.HostVersion),
		Host: fromAccess(c.Host),
	}
}

func toConfiguration(c *pluginpb.ConfigureRequest) (sdk.Configuration, error) {
	values, err := toJSON("values", c.GetValues())
	return sdk.Configuration{
		Values: values, ValidateOnly: c.GetValidateOnly(), Granted: toNeeds(c.GetGranted()), HostVersion: c.GetHostVersion(),
		Host: sdk.HostAccess{Socket: c.GetHost().GetSocket(), Token: c.GetHost().GetToken(), Brokered: c.GetHost().GetBrokered()},
	}, err
}

func fromAccess(a sdk.HostAccess) *pluginpb.HostAccess {
	if a == (sdk.HostAccess{}) {
		return nil
	}
	return &pluginpb.HostAccess{Socket: clean(a.Socket), Token: clean(a.Token), Brokered: a.Brokered}
}

func fromConfigured(c *sdk.Configured) (*pluginpb.ConfigureResponse, error) {
	pb := &pluginpb.ConfigureResponse{}
	for _, d := range c.Diagnostics {
		pb.Diagnostics = append(pb.Diagnostics, &pluginpb.Diagnostic{
			Fatal: d.Fatal, Path: clean(d.Path), Summary: clean(d.Summary), Detail: clean(d.Detail),
		})
	}
	if c.Tools == nil {
		return pb, nil
	}
	tools, err := each(c.Tools, fromTool)
	pb.Offer = &pluginpb.Offer{Tools: tools}
	return pb, err
}

func toConfigured(c *pluginpb.ConfigureResponse) (*sdk.Configured, error) {
	out := &sdk.Configured{}
	for _, d := range c.GetDiagnostics() {
		out.Diagnostics = append(out.Diagnostics, sdk.Diagnostic{
			Fatal: d.GetFatal(), Path: d.GetPath(), Summary: d.GetSummary(), Detail: d.GetDetail(),
		})
	}
	if c.GetOffer() == nil {
		return out, nil
	}
	tools, err := each(c.GetOffer().GetTools(), toTool)
	if tools == nil { // none on offer is not the same as those of the manifest
		tools = []sdk.ToolSpec{}
	}
	out.Tools = tools
	return out, err
}

func fromInvocation(in *sdk.Invocation) *pluginpb.InvokeRequest {
	pb := &pluginpb.InvokeRequest{Tool: clean(in.Tool), Args: in.Args, Info: fromInfo(in.Info), State: in.State}
	for _, a := range in.Answers {
		pb.Answers = append(pb.Answers, &pluginpb.Answer{Value: clean(a.Value), Declined: a.Declined})
	}
	return pb
}

func toInvocation(pb *pluginpb.InvokeRequest) (*sdk.Invocation, error) {
	args, err := toJSON("args", pb.GetArgs())
	if err != nil {
		return nil, err
	}
	state, err := toJSON("state", pb.GetState())
	if err != nil {
		return nil, err
	}
	in := &sdk.Invocation{Tool: pb.GetTool(), Args: args, Info: toInfo(pb.GetInfo()), State: state}
	for _, a := range pb.GetAnswers() {
		in.Answers = append(in.Answers, sdk.Answer{Value: a.GetValue(), Declined: a.GetDeclined()})
	}
	return in, nil
}

func fromInfo(i sdk.CallInfo) *pluginpb.CallInfo {
	return &pluginpb.CallInfo{
		Call: clean(i.Call), Session: clean(i.Session), User: clean(i.User), Locale: clean(i.Locale),
		TimeZone: clean(i.TimeZone), Origin: clean(string(i.Origin)), Confirmed: i.Confirmed,
		RequestId: clean(i.RequestID), TraceParent: clean(i.TraceParent), Utterance: clean(i.Utterance),
	}
}

func toInfo(i *pluginpb.CallInfo) sdk.CallInfo {
	return sdk.CallInfo{
		Call: i.GetCall(), Session: i.GetSession(), User: i.GetUser(), Locale: i.GetLocale(),
		TimeZone: i.GetTimeZone(), Origin: sdk.Origin(i.GetOrigin()), Confirmed: i.GetConfirmed(),
		RequestID: i.GetRequestId(), TraceParent: i.GetTraceParent(), Utterance: i.GetUtterance(),
	}
}

// fromEvent returns an empty message for an event that is none of the
// contract's; the host refuses it.
func fromEvent(ev sdk.Event) *pluginpb.InvokeResponse {
	switch e := ev.(type) {
	case sdk.Text:
		return &pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_Text{Text: &pluginpb.Text{Text: clean(e.Text)}}}
	case sdk.Progress:
		return &pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_Progress{Progress: &pluginpb.Progress{
			Fraction: e.Fraction, Message: clean(e.Message),
		}}}
	case sdk.Result:
		return &pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_Result{Result: fromResult(e)}}
	case sdk.Problem:
		return &pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_Problem{Problem: &pluginpb.Problem{
			Code: clean(string(e.Code)), Message: clean(e.Message), Detail: clean(e.Detail), Retryable: e.Retryable,
		}}}
	case sdk.NeedInput:
		return &pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_NeedInput{NeedInput: fromNeedInput(e)}}
	case sdk.NotMine:
		return &pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_NotMine{NotMine: &pluginpb.NotMine{
			Fallback: clean(e.Fallback),
		}}}
	}
	return &pluginpb.InvokeResponse{}
}

func toEvent(pb *pluginpb.InvokeResponse) (sdk.Event, error) {
	switch e := pb.GetEvent().(type) {
	case *pluginpb.InvokeResponse_Text:
		return sdk.Text{Text: e.Text.GetText()}, nil
	case *pluginpb.InvokeResponse_Progress:
		return sdk.Progress{Fraction: fraction(e.Progress.GetFraction()), Message: e.Progress.GetMessage()}, nil
	case *pluginpb.InvokeResponse_Result:
		return toResult(e.Result)
	case *pluginpb.InvokeResponse_Problem:
		p := e.Problem
		return sdk.Problem{
			Code: sdk.Code(p.GetCode()), Message: p.GetMessage(), Detail: p.GetDetail(), Retryable: p.GetRetryable(),
		}, nil
	case *pluginpb.InvokeResponse_NeedInput:
		return toNeedInput(e.NeedInput), nil
	case *pluginpb.InvokeResponse_NotMine:
		return sdk.NotMine{Fallback: e.NotMine.GetFallback()}, nil
	}
	return nil, fmt.Errorf("plugin sent an event of an unknown kind")
}

// fraction keeps what is no number from 0 to 1 for unknown.
func fraction(f float64) float64 {
	if math.IsNaN(f) || f < 0 || f > 1 {
		return -1
	}
	return f
}

func fromResult(r sdk.Result) *pluginpb.Result {
	pb := &pluginpb.Result{Text: clean(r.Text), Speech: clean(r.Speech), Data: r.Data, State: r.State}
	if l := r.Listen; l != nil {
		pb.Listen = &pluginpb.Listen{Tool: clean(l.Tool), Slot: clean(l.Slot), Ttl: fromDuration(l.TTL)}
	}
	return pb
}

func toResult(pb *pluginpb.Result) (sdk.Event, error) {
	data, err := toJSON("data", pb.GetData())
	if err != nil {
		return nil, err
	}
	state, err := toJSON("state", pb.GetState())
	if err != nil {
		return nil, err
	}
	r := sdk.Result{Text: pb.GetText(), Speech: pb.GetSpeech(), Data: data, State: state}
	if l := pb.GetListen(); l != nil {
		r.Listen = &sdk.Listen{Tool: l.GetTool(), Slot: l.GetSlot(), TTL: l.GetTtl().AsDuration()}
	}
	return r, nil
}

func fromNeedInput(n sdk.NeedInput) *pluginpb.NeedInput {
	pb := &pluginpb.NeedInput{Kind: clean(string(n.Kind)), Text: clean(n.Text)}
	for _, o := range n.Options {
		pb.Options = append(pb.Options, &pluginpb.Option{Value: clean(o.Value), Label: clean(o.Label)})
	}
	return pb
}

func toNeedInput(pb *pluginpb.NeedInput) sdk.NeedInput {
	n := sdk.NeedInput{Kind: sdk.InputKind(pb.GetKind()), Text: pb.GetText()}
	for _, o := range pb.GetOptions() {
		n.Options = append(n.Options, sdk.Option{Value: o.GetValue(), Label: o.GetLabel()})
	}
	return n
}

func fromHealth(h sdk.Health) *pluginpb.HealthResponse {
	return &pluginpb.HealthResponse{Ok: h.OK, Message: clean(h.Message), InFlight: int32of(h.InFlight)}
}
