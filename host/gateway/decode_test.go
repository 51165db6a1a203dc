package gateway

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
)

func FuzzAFrameIsReadOrRefused(f *testing.F) {
	for _, seed := range []string{
		sayFrame("m1", "bonjour"), `{"type":"stop","session":"s_1"}`, `{"type":"resume","session":"s","after":3,"turn":"t","offset":1}`,
		`{"type":"reply","question":"q","value":true}`, `{"type":"ack","notice":"n"}`, `{"type":"ping"}`, `{"type":"ping","type":"say"}`,
		`{"TYPE":"ping"}`, "{\"type\":\"\xff\"}", `{"type":"\ud800"}`, `[[[[`, `{"type":"say","id":"m","text":"x"} x`, "\ufeff{}", `{"a":1e9999}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, e, p := decodeFrame(data)
		if e.id != "" && protocol.CheckClientID("id", e.id) != nil {
			t.Errorf("would repeat the id %q", e.id)
		}
		if p != nil {
			if p.Text == "" || !utf8.Valid(encode(protocol.Error{Field: p.Field, Message: words("en", p.Text, p.Args...)})) {
				t.Errorf("%q: %+v cannot be told", data, p)
			}
			return
		}
		if frame == nil || !utf8.Valid(data) || !json.Valid(data) {
			t.Errorf("%q was taken for %T", data, frame)
		}
		if say, ok := frame.(*protocol.Say); ok && say.Check() != nil {
			t.Errorf("%q was taken: %v", data, say.Check())
		}
	})
}

func FuzzAMessageOfTheOriginalsShapeIsReadOrRefused(f *testing.F) {
	for _, seed := range []string{`{"message":"x"}`, `{"message":5}`, `[]`, `{`, `{"message":"\ud800"}`, `{"message":"x","save_memory":false}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		message, _, p := decodeOriginal(data)
		if p == nil && protocol.CheckText("message", message) != nil {
			t.Errorf("%q was taken as %q", data, message)
		}
		if p != nil && !strings.HasPrefix(p.Text, "original.") {
			t.Errorf("%q: %+v is none of the six", data, p)
		}
	})
}

// FuzzFramesAreFollowed checks that what frameConn sees does not depend on how
// the bytes are cut.
func FuzzFramesAreFollowed(f *testing.F) {
	f.Add([]byte("\x01\x80\x00\x00\x00\x00\x80\x81\x00\x00\x00\x00a"), 1)
	f.Add([]byte("\x81\xfe\x00\x7e\x00\x00\x00\x00"), 3)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		now := (&clock{}).Now
		whole, pieces := newFrameConn(nil, 0, now, new(atomic.Int64)), newFrameConn(nil, 0, now, new(atomic.Int64))
		_, errWhole := whole.watch(data)
		var errPieces error
		for size := max(1, cut%7); len(data) > 0 && errPieces == nil; {
			n := min(size, len(data))
			_, errPieces = pieces.watch(data[:n])
			data = data[n:]
		}
		if errWhole != errPieces {
			t.Fatalf("whole: %v, in pieces: %v", errWhole, errPieces)
		}
		if errWhole == nil && (whole.fragments != pieces.fragments || whole.payload != pieces.payload || whole.got != pieces.got) {
			t.Error("the pieces are followed in another way")
		}
	})
}
