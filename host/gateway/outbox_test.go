package gateway

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

func piece(turn string, offset int, text string) item {
	return item{kind: kindDelta, session: "s", turn: turn, offset: offset, data: []byte(text)}
}

// drainBox takes all that waits, deltas as their text.
func drainBox(o *outbox) []string {
	var all []string
	for {
		it, ok := o.take()
		if !ok {
			return all
		}
		all = append(all, string(it.data))
	}
}

func TestDeltasThatWaitAreJoined(t *testing.T) {
	woken := 0
	o := outbox{wake: func() { woken++ }}
	o.add(piece("a", 0, "one "))
	first, _ := o.take() // goes out at once
	for _, it := range []item{
		piece("a", 4, "two "), piece("a", 8, "three "), piece("b", 0, "other "),
		durable(session.Frame{Seq: 1, Turn: "b", Body: []byte("frame")}), piece("b", 6, "more "), piece("b", 11, "text"),
	} {
		if !o.add(it) {
			t.Fatal("it does not fit")
		}
	}
	got := append([]string{string(first.data)}, drainBox(&o)...)
	if d := cmp.Diff([]string{"one ", "two three ", "other ", "frame", "more text"}, got); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
	if woken != 1 {
		t.Errorf("woken %d times, want once", woken)
	}
	o.add(piece("a", 14, "again"))
	if woken != 2 {
		t.Error("what comes after all was taken wakes nobody")
	}
}

func TestJoiningIsBounded(t *testing.T) {
	o := outbox{wake: func() {}}
	for i := range 3 * maxPieces {
		o.add(piece("a", i, "x"))
	}
	if n := len(drainBox(&o)); n != 3 {
		t.Errorf("%d items, want 3 of %d pieces", n, maxPieces)
	}
	o.add(piece("a", 0, strings.Repeat("x", maxJoined-1)))
	o.add(piece("a", 0, "xx"))
	if n := len(drainBox(&o)); n != 2 {
		t.Errorf("%d items, want 2: together they are too long", n)
	}
}

func TestAnOutboxIsBoundedInBytes(t *testing.T) {
	o := outbox{wake: func() {}}
	frame := durable(session.Frame{Body: make([]byte, 1024)})
	n := 0
	for o.add(frame) {
		n++
	}
	if want := maxWaiting / (1024 + itemBytes); n != want {
		t.Errorf("%d frames fit, want %d", n, want)
	}
	if o.add(frame) || !o.overflowed() {
		t.Error("what overflowed takes more")
	}
	o.add(item{kind: kindClose, code: 4408})
	it, ok := o.take()
	if !ok || it.kind != kindClose {
		t.Errorf("got %+v, want only the close", it)
	}
}

func TestOneFrameMayBeLongerThanTheBound(t *testing.T) {
	o := outbox{wake: func() {}}
	if !o.add(durable(session.Frame{Body: make([]byte, maxWaiting/4)})) || !o.add(durable(session.Frame{Body: make([]byte, 2*maxWaiting)})) {
		t.Error("a long frame fits nowhere: its client could never resume")
	}
	if o.add(durable(session.Frame{Body: []byte("x")})) {
		t.Error("something waits behind it")
	}
}

func TestNothingFollowsAClose(t *testing.T) {
	o := outbox{wake: func() {}}
	o.add(item{kind: kindFrame, data: []byte("last")})
	o.add(item{kind: kindClose})
	o.add(item{kind: kindFrame, data: []byte("late")})
	if d := cmp.Diff([]string{"last", ""}, drainBox(&o)); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
}

func TestOnlyTheNewestPongWaits(t *testing.T) {
	o := outbox{wake: func() {}}
	for _, payload := range []string{"a", "b", "c"} {
		o.add(item{kind: kindPong, data: []byte(payload)})
	}
	if d := cmp.Diff([]string{"c"}, drainBox(&o)); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
}

func FuzzADeltasFrameIsItsJSON(f *testing.F) {
	f.Add(0, "héllo \"\\\n\u2028<😀\x00")
	f.Add(4096, "\xff\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, offset int, text string) {
		b := appendDelta(nil, item{session: "s_1", turn: "t_1", offset: offset, data: []byte(text)})
		var got protocol.Delta
		if err := json.Unmarshal(b, &got); err != nil || !utf8.Valid(b) {
			t.Fatalf("%q: %v", b, err)
		}
		want := protocol.Delta{Type: protocol.TypeDelta, Session: "s_1", Turn: "t_1", Offset: offset, Text: strings.ToValidUTF8(text, "\uFFFD")}
		if utf8.ValidString(text) && got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestWhatIsDroppedIsAllButAClose(t *testing.T) {
	woken := 0
	o := outbox{wake: func() { woken++ }}
	o.add(piece("a", 0, "one"))
	o.add(durable(session.Frame{Seq: 1, Turn: "a", Body: []byte("two")}))
	o.drop()
	if all := drainBox(&o); len(all) != 0 || o.bytes != 0 || o.ends() {
		t.Errorf("%q is left, of %d bytes; ends: %v", all, o.bytes, o.ends())
	}
	o.add(piece("b", 0, "three"))
	o.add(item{kind: kindClose, data: []byte("bye")})
	o.drop()
	if all := drainBox(&o); len(all) != 1 || all[0] != "bye" || !o.ends() || woken != 2 {
		t.Errorf("%q is left, woken %d times; ends: %v", all, woken, o.ends())
	}
	o.drop() // after the close was taken
	if _, ok := o.take(); ok || o.bytes != 0 {
		t.Errorf("after the close something waits, of %d bytes", o.bytes)
	}
}
