package wire

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

// How deeds are looked after.

func fromDeed(d *sdk.Deed) *pluginpb.Deed {
	return &pluginpb.Deed{Info: fromInfo(d.Info), Tool: clean(d.Tool), Args: d.Args, Data: d.Data}
}

func toDeed(pb *pluginpb.Deed) (*sdk.Deed, error) {
	args, err := toJSON("args", pb.GetArgs())
	if err != nil {
		return nil, err
	}
	data, err := toJSON("data", pb.GetData())
	return &sdk.Deed{Info: toInfo(pb.GetInfo()), Tool: pb.GetTool(), Args: args, Data: data}, err
}

var findings = map[sdk.Finding]pluginpb.Finding{
	sdk.FindingVerified: pluginpb.Finding_FINDING_VERIFIED,
	sdk.FindingNotYet:   pluginpb.Finding_FINDING_NOT_YET,
	sdk.FindingFailed:   pluginpb.Finding_FINDING_FAILED,
}

func toFinding(pb pluginpb.Finding) sdk.Finding {
	for finding, number := range findings {
		if number == pb {
			return finding
		}
	}
	return sdk.FindingNotYet
}

// Verify implements [sdk.Reviser].
func (c *Client) Verify(ctx context.Context, d *sdk.Deed) (sdk.Sight, error) {
	resp, err := c.rpc.Verify(ctx, &pluginpb.VerifyRequest{Deed: fromDeed(d)}, bounds...)
	if err != nil {
		return sdk.Sight{}, fromStatus(ctx, "verify deed", err)
	}
	return sdk.Sight{Finding: toFinding(resp.GetFinding()), Seen: resp.GetSeen()}, nil
}

// Undo implements [sdk.Reviser].
func (c *Client) Undo(ctx context.Context, d *sdk.Deed) (string, error) {
	resp, err := c.rpc.Undo(ctx, &pluginpb.UndoRequest{Deed: fromDeed(d)}, bounds...)
	if err != nil {
		return "", fromStatus(ctx, "undo deed", err)
	}
	if p := resp.GetProblem(); p != nil {
		return "", &sdk.Error{Code: sdk.Code(p.GetCode()), Message: p.GetMessage(), Err: errors.New(p.GetDetail())}
	}
	return resp.GetText(), nil
}

func (s *server) Verify(ctx context.Context, req *pluginpb.VerifyRequest) (*pluginpb.VerifyResponse, error) {
	h, d, err := s.reviser(req.GetDeed())
	if err != nil {
		return nil, err
	}
	seen, err := h.Verify(ctx, d)
	if err != nil {
		return nil, toStatus(err)
	}
	return &pluginpb.VerifyResponse{Finding: findings[seen.Finding], Seen: clean(seen.Seen)}, nil
}

func (s *server) Undo(ctx context.Context, req *pluginpb.UndoRequest) (*pluginpb.UndoResponse, error) {
	h, d, err := s.reviser(req.GetDeed())
	if err != nil {
		return nil, err
	}
	text, err := h.Undo(ctx, d)
	if e, ok := errors.AsType[*sdk.Error](err); ok && e.Message != "" { // the author's words reach the person
		return &pluginpb.UndoResponse{Problem: &pluginpb.Problem{Code: clean(string(e.Code)), Message: clean(e.Message), Detail: clean(err.Error())}}, nil
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &pluginpb.UndoResponse{Text: clean(text)}, nil
}

func (s *server) reviser(pb *pluginpb.Deed) (sdk.Reviser, *sdk.Deed, error) {
	h, ok := s.handler.(sdk.Reviser)
	if !ok {
		return nil, nil, status.Error(codes.Unimplemented, "this plugin can't look after what it did")
	}
	d, err := toDeed(pb)
	if err != nil {
		return nil, nil, status.Errorf(codes.InvalidArgument, "decode deed: %v", err)
	}
	return h, d, nil
}
