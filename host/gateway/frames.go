package gateway

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// head is what every frame of a client has.
type head struct {
	Type jsontext.Value `json:"type"`
	ID   jsontext.Value `json:"id"`
	User jsontext.Value `json:"user"`
}

// envelope is what surrounds a frame: its own id, when that could be read, and
// the end user whom a service names in it.
type envelope struct{ id, user string }

// checked is a frame that knows what is wrong with it.
type checked interface{ Check() *protocol.Problem }

// unoffered are the frames of the protocol that this host does not serve, with
// the feature that they belong to.
var unoffered = map[string]string{"audio.start": "audio", "audio.stop": "audio"}

// decodeFrame reads one frame of a client: a pointer to one of the structs of
// package protocol, also when it has that shape but a value in it is bad.
func decodeFrame(data []byte) (frame any, e envelope, problem *protocol.Problem) {
	var h head
	if p := decode(data, &h, false); p != nil {
		return nil, e, p
	}
	e = envelope{id: text(h.ID), user: text(h.User)}
	if protocol.CheckClientID("id", e.id) != nil {
		e.id = "" // not one to repeat
	}
	kind := text(h.Type)
	switch {
	case len(h.Type) == 0:
		return nil, e, protocol.Missing("type")
	case h.Type.Kind() != '"':
		return nil, e, &protocol.Problem{Code: protocol.Invalid, Field: "type", Text: protocol.WordType, Args: []any{"type", protocol.WordTypeString}}
	case unoffered[kind] != "":
		return nil, e, &protocol.Problem{Code: protocol.Unsupported, Field: "type", Text: protocol.WordFeature, Args: []any{unoffered[kind]}}
	}
	f := newFrame(kind)
	if f == nil {
		return nil, e, &protocol.Problem{Code: protocol.Invalid, Field: "type", Text: protocol.WordFrame, Args: []any{protocol.Excerpt(kind)}}
	}
	if p := decode(data, f, false); p != nil {
		return nil, e, p
	}
	return f, e, f.Check()
}

func newFrame(kind string) checked {
	switch kind {
	case protocol.TypeSay:
		return &protocol.Say{}
	case protocol.TypeStop:
		return &protocol.Stop{}
	case protocol.TypeResume:
		return &protocol.Resume{}
	case protocol.TypeReply:
		return &protocol.Reply{}
	case protocol.TypeAck:
		return &protocol.Ack{}
	case protocol.TypePing:
		return &protocol.Ping{}
	default:
		return nil
	}
}

// text returns a JSON string's text, or "" for anything else.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return ""
	}
	s, err := jsontext.AppendUnquote(nil, bytes.TrimSpace(v))
	if err != nil {
		return ""
	}
	return string(s)
}
