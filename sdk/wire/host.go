package wire

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/hostpb"
)

// What a plugin puts into the metadata of a call to its host.
const (
	tokenKey = "jarvis-token"
	callKey  = "jarvis-call"
)

func fromScope(s sdk.Scope) hostpb.Scope {
	switch s {
	case sdk.ForUser:
		return hostpb.Scope_SCOPE_USER
	case sdk.ForSession:
		return hostpb.Scope_SCOPE_SESSION
	case sdk.ForAll:
		return hostpb.Scope_SCOPE_GLOBAL
	}
	return hostpb.Scope_SCOPE_UNSPECIFIED
}

// toScope returns 0 for what is no scope; the host refuses it.
func toScope(s hostpb.Scope) sdk.Scope {
	switch s {
	case hostpb.Scope_SCOPE_USER:
		return sdk.ForUser
	case hostpb.Scope_SCOPE_SESSION:
		return sdk.ForSession
	case hostpb.Scope_SCOPE_GLOBAL:
		return sdk.ForAll
	case hostpb.Scope_SCOPE_UNSPECIFIED:
	}
	return 0
}

func fromTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func toTime(t *timestamppb.Timestamp) time.Time {
	if t == nil || !t.IsValid() {
		return time.Time{}
	}
	return t.AsTime()
}

func fromSchedule(s sdk.Schedule) *hostpb.Schedule {
	pb := &hostpb.Schedule{Name: clean(s.Name), TimeZone: clean(s.TimeZone), Data: s.Data}
	switch {
	case !s.At.IsZero():
		pb.When = &hostpb.Schedule_At{At: timestamppb.New(s.At)}
	case s.Every != 0:
		pb.When = &hostpb.Schedule_Every{Every: durationpb.New(s.Every)}
	case s.Cron != "":
		pb.When = &hostpb.Schedule_Cron{Cron: clean(s.Cron)}
	}
	return pb
}

func toSchedule(pb *hostpb.Schedule) (sdk.Schedule, error) {
	data, err := toJSON("data", pb.GetData())
	s := sdk.Schedule{Name: pb.GetName(), TimeZone: pb.GetTimeZone(), Data: data}
	switch w := pb.GetWhen().(type) {
	case *hostpb.Schedule_At:
		s.At = toTime(w.At)
	case *hostpb.Schedule_Every:
		s.Every = w.Every.AsDuration()
	case *hostpb.Schedule_Cron:
		s.Cron = w.Cron
	}
	return s, err
}

func fromPrompt(p sdk.Prompt) *hostpb.GenerateRequest {
	pb := &hostpb.GenerateRequest{Temperature: p.Temperature, MaxTokens: int32of(p.MaxTokens), Schema: p.Schema}
	for _, m := range p.Messages {
		pb.Messages = append(pb.Messages, &hostpb.Message{Role: clean(m.Role), Text: clean(m.Text)})
	}
	return pb
}

func toPrompt(pb *hostpb.GenerateRequest) (sdk.Prompt, error) {
	schema, err := toJSON("schema", pb.GetSchema())
	p := sdk.Prompt{Temperature: pb.Temperature, MaxTokens: int(pb.GetMaxTokens()), Schema: schema} //nolint:protogetter // nil is not 0
	for _, m := range pb.GetMessages() {
		p.Messages = append(p.Messages, sdk.Message{Role: m.GetRole(), Text: m.GetText()})
	}
	return p, err
}

// serviceTimeout bounds a call to the host's services that came without a
// deadline.
const serviceTimeout = 10 * time.Second

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, serviceTimeout)
}
