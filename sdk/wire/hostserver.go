package wire

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/hostpb"
)

// RegisterHost serves a host's services. find returns those of the plugin whose
// process has a token, or nil for a token that is not good.
func RegisterHost(s grpc.ServiceRegistrar, find func(token string) sdk.Services) {
	hostpb.RegisterHostServer(s, &hostServer{find: find})
}

var errTTL = errors.New("ttl: expected more than nothing")

type hostServer struct {
	hostpb.UnimplementedHostServer
	find func(token string) sdk.Services
}

// who finds a plugin's services, and the call on whose behalf it asks.
func (s *hostServer) who(ctx context.Context) (services sdk.Services, call string, err error) {
	md, _ := metadata.FromIncomingContext(ctx)
	token, calls := md.Get(tokenKey), md.Get(callKey)
	if len(token) == 1 {
		services = s.find(token[0])
	}
	if services == nil {
		return nil, "", status.Error(codes.Unauthenticated, "metadata "+tokenKey+": expected the token of a plugin that runs")
	}
	if len(calls) > 1 {
		return nil, "", status.Error(codes.InvalidArgument, "metadata "+callKey+": expected one call")
	}
	if len(calls) == 1 {
		call = calls[0]
	}
	return services, call, nil
}

// serve answers one call.
func serve[A any](ctx context.Context, s *hostServer, do func(h sdk.Services, call string) (*A, error)) (*A, error) {
	h, call, err := s.who(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := do(h, call)
	if err != nil {
		return nil, toStatus(err)
	}
	return resp, nil
}

func (s *hostServer) GetValue(ctx context.Context, r *hostpb.GetValueRequest) (*hostpb.GetValueResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.GetValueResponse, error) {
		v, err := h.GetValue(ctx, call, toScope(r.GetScope()), r.GetKey())
		if err != nil || v == nil {
			return &hostpb.GetValueResponse{}, err
		}
		return &hostpb.GetValueResponse{Value: &hostpb.Value{Data: v.Data, Version: v.Version, Expires: fromTime(v.Expires)}}, nil
	})
}

func (s *hostServer) SetValue(ctx context.Context, r *hostpb.SetValueRequest) (*hostpb.SetValueResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.SetValueResponse, error) {
		ttl := r.GetTtl().AsDuration()
		if r.GetTtl() != nil && ttl <= 0 {
			return nil, &sdk.Error{Code: sdk.CodeInvalid, Err: errTTL}
		}
		version, err := h.SetValue(ctx, call, toScope(r.GetScope()), r.GetKey(), r.GetData(), ttl, r.IfVersion) //nolint:protogetter // nil is not 0
		return &hostpb.SetValueResponse{Version: version}, err
	})
}

func (s *hostServer) DeleteValue(ctx context.Context, r *hostpb.DeleteValueRequest) (*hostpb.DeleteValueResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.DeleteValueResponse, error) {
		found, err := h.DeleteValue(ctx, call, toScope(r.GetScope()), r.GetKey(), r.IfVersion) //nolint:protogetter // nil is not 0
		return &hostpb.DeleteValueResponse{Found: found}, err
	})
}

func (s *hostServer) ListValues(ctx context.Context, r *hostpb.ListValuesRequest) (*hostpb.ListValuesResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.ListValuesResponse, error) {
		keys, err := h.ListValues(ctx, call, toScope(r.GetScope()), r.GetPrefix(), r.GetAfter(), int(r.GetLimit()))
		return &hostpb.ListValuesResponse{Keys: keys}, err
	})
}

func (s *hostServer) PutSchedule(ctx context.Context, r *hostpb.PutScheduleRequest) (*hostpb.PutScheduleResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.PutScheduleResponse, error) {
		schedule, err := toSchedule(r.GetSchedule())
		if err != nil {
			return nil, &sdk.Error{Code: sdk.CodeInvalid, Err: err}
		}
		next, err := h.PutSchedule(ctx, call, schedule)
		return &hostpb.PutScheduleResponse{Next: fromTime(next)}, err
	})
}

func (s *hostServer) ListSchedules(ctx context.Context, _ *hostpb.ListSchedulesRequest) (*hostpb.ListSchedulesResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.ListSchedulesResponse, error) {
		all, err := h.ListSchedules(ctx, call)
		resp := &hostpb.ListSchedulesResponse{}
		for _, p := range all {
			resp.Pending = append(resp.Pending, &hostpb.Pending{Schedule: fromSchedule(p.Schedule), Next: fromTime(p.Next)})
		}
		return resp, err
	})
}

func (s *hostServer) CancelSchedule(ctx context.Context, r *hostpb.CancelScheduleRequest) (*hostpb.CancelScheduleResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.CancelScheduleResponse, error) {
		found, err := h.CancelSchedule(ctx, call, r.GetName())
		return &hostpb.CancelScheduleResponse{Found: found}, err
	})
}

func (s *hostServer) Notify(ctx context.Context, r *hostpb.NotifyRequest) (*hostpb.NotifyResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.NotifyResponse, error) {
		id, err := h.Notify(ctx, call, sdk.Notice{Text: r.GetText(), Kind: r.GetKind(), Due: toTime(r.GetDue())})
		return &hostpb.NotifyResponse{Notice: id}, err
	})
}

func (s *hostServer) WithdrawNotice(ctx context.Context, r *hostpb.WithdrawNoticeRequest) (*hostpb.WithdrawNoticeResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.WithdrawNoticeResponse, error) {
		found, err := h.WithdrawNotice(ctx, call, r.GetNotice())
		return &hostpb.WithdrawNoticeResponse{Found: found}, err
	})
}

func (s *hostServer) Generate(r *hostpb.GenerateRequest, stream grpc.ServerStreamingServer[hostpb.GenerateResponse]) error {
	h, call, err := s.who(stream.Context())
	if err != nil {
		return err
	}
	p, err := toPrompt(r)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for text, err := range h.Generate(stream.Context(), call, p) {
		if err != nil {
			return toStatus(err)
		}
		if err := stream.Send(&hostpb.GenerateResponse{Piece: &hostpb.GenerateResponse_Text{Text: clean(text)}}); err != nil {
			return err
		}
	}
	return stream.Send(&hostpb.GenerateResponse{Piece: &hostpb.GenerateResponse_Usage{Usage: &hostpb.Usage{}}})
}

func (s *hostServer) Embed(ctx context.Context, r *hostpb.EmbedRequest) (*hostpb.EmbedResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.EmbedResponse, error) {
		model, vectors, err := h.Embed(ctx, call, r.GetTexts())
		resp := &hostpb.EmbedResponse{Model: clean(model)}
		for _, v := range vectors {
			resp.Vectors = append(resp.Vectors, &hostpb.Vector{Values: v})
		}
		return resp, err
	})
}

func (s *hostServer) GetSecret(ctx context.Context, r *hostpb.GetSecretRequest) (*hostpb.GetSecretResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.GetSecretResponse, error) {
		value, err := h.Secret(ctx, call, r.GetName())
		return &hostpb.GetSecretResponse{Value: clean(value)}, err
	})
}

func (s *hostServer) SearchMemory(ctx context.Context, r *hostpb.SearchMemoryRequest) (*hostpb.SearchMemoryResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.SearchMemoryResponse, error) {
		found, err := h.SearchMemory(ctx, call, r.GetQuery(), int(r.GetLimit()))
		resp := &hostpb.SearchMemoryResponse{}
		for _, m := range found {
			resp.Memories = append(resp.Memories, &hostpb.Memory{Id: clean(m.ID), Text: clean(m.Text), At: fromTime(m.At)})
		}
		return resp, err
	})
}

func (s *hostServer) Remember(ctx context.Context, r *hostpb.RememberRequest) (*hostpb.RememberResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.RememberResponse, error) {
		id, err := h.Remember(ctx, call, r.GetText())
		return &hostpb.RememberResponse{Id: id}, err
	})
}

func (s *hostServer) Forget(ctx context.Context, r *hostpb.ForgetRequest) (*hostpb.ForgetResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.ForgetResponse, error) {
		found, err := h.Forget(ctx, call, r.GetId())
		return &hostpb.ForgetResponse{Found: found}, err
	})
}

func (s *hostServer) Say(ctx context.Context, r *hostpb.SayRequest) (*hostpb.SayResponse, error) {
	return serve(ctx, s, func(h sdk.Services, call string) (*hostpb.SayResponse, error) {
		said, err := h.Say(ctx, call, r.GetSession(), r.GetText())
		return &hostpb.SayResponse{Turn: clean(said.Turn), Notice: clean(said.Notice)}, err
	})
}
