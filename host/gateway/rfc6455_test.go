package gateway

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// conduct is what a client sends and what it must see. It goes by RFC 6455;
// where jarvis.v1 is narrower, binary frames end with 1003, messages over 64 KiB
// with 1009, and text that is no JSON is answered with an error.
type conduct struct {
	name string
	send []byte
	chop int // bytes a write; 0: all at once
	// want is what comes back, separated by spaces: pong(payload) for a pong frame,
	// pong:id and error:code for the protocol's, said:text for an accepted utterance.
	// Of pongs in a row only the last counts: the RFC asks for no more.
	want string
	// code is what the socket closes with; 0: it lives on. What comes before an
	// unclean end may be cut short, but is never something else.
	code int
}

// observed reads what the host sends, as conduct has it, until stop or the end.
func (s *rawSocket) observed(stop string) (events []string, code int) {
	s.t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		op, payload, err := s.read()
		if err != nil {
			return events, code
		}
		event := ""
		switch op {
		case opPong:
			event = "pong(" + string(payload) + ")"
			if last := len(events) - 1; last >= 0 && strings.HasPrefix(events[last], "pong(") {
				events = events[:last]
			}
		case opClose:
			if code = 1005; len(payload) >= 2 {
				code = int(binary.BigEndian.Uint16(payload))
			}
		case opText:
			var f frame
			must(s.t, json.Unmarshal(payload, &f))
			switch f.Type {
			case protocol.TypePong:
				event = "pong:" + f.ID
			case protocol.TypeError:
				event = "error:" + f.Code
			case protocol.TypeAccepted:
				event = "said:" + f.Text
			}
		default:
			s.t.Errorf("the host sent a frame of opcode %d", op)
		}
		if event == stop {
			return events, code
		}
		if event != "" {
			events = append(events, event)
		}
	}
}

// hold runs one conduct on a socket of its own.
func (c conduct) hold(t *testing.T, w *world) {
	t.Helper()
	s := w.handshake(t, "alice", protocol.Subprotocol)
	defer s.Close()
	chop := c.chop
	if chop == 0 {
		chop = max(1, len(c.send))
	}
	for piece := range slices.Chunk(c.send, chop) {
		s.put(piece...)
	}
	if c.code == 0 {
		s.text(`{"type":"ping","id":"alive"}`)
		events, code := s.observed("pong:alive")
		if got := strings.Join(events, " "); got != c.want || code != 0 {
			t.Errorf("%s: got %q and code %d, want %q", c.name, got, code, c.want)
			return
		}
		s.put(rawFrame(final|opClose, []byte{3, 0xe8})...)
		if code := s.closed(); code != 1000 {
			t.Errorf("%s: afterwards closed with %d, want 1000", c.name, code)
		}
		return
	}
	events, code := s.observed("nothing")
	if got := strings.Join(events, " "); code != c.code || !strings.HasPrefix(c.want, got) {
		t.Errorf("%s: got %q and code %d, want %q and %d", c.name, got, code, c.want, c.code)
	}
}

// holdAll runs conducts, and sees to it that their sockets are released.
func holdAll(t *testing.T, all []conduct) *world {
	t.Helper()
	w := newWorld(t)
	for _, c := range all {
		if c.hold(t, w); t.Failed() {
			break // each waits for what does not come
		}
	}
	w.eventually(t, "all sockets are released", func() bool { return w.meter.get("open") == 0 })
	return w
}

// pingOf is a ping of the protocol, blown up to a size.
func pingOf(id string, size int) []byte {
	b := []byte(`{"type":"ping","id":"` + id + `"}`)
	return append(b, bytes.Repeat([]byte(" "), max(0, size-len(b)))...)
}

// textFrame is a text frame; parts are one message in as many fragments.
func textFrame(payload []byte) []byte { return rawFrame(final|opText, payload) }

func parts(payloads ...[]byte) []byte {
	var b []byte
	for i, p := range payloads {
		first := byte(opContinuation)
		if i == 0 {
			first = opText
		}
		if i == len(payloads)-1 {
			first |= final
		}
		b = append(b, rawFrame(first, p)...)
	}
	return b
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

func TestFramesOfEverySizeAreRead(t *testing.T) { // RFC 6455 5.2; fault-M11
	var all []conduct
	for i, size := range []int{125, 126, 127, 128, 65_535, 65_536} {
		name := fmt.Sprintf("1.1.%d text of %d", i+2, size)
		all = append(all,
			conduct{name: name, send: textFrame(pingOf("a", size)), want: "pong:a"},
			conduct{name: name + " chopped", send: textFrame(pingOf("a", size)), chop: max(1, size/66), want: "pong:a"},
			conduct{name: fmt.Sprintf("1.2.%d binary of %d", i+2, size), send: rawFrame(final|opBinary, pingOf("a", size)), code: 1003},
			conduct{name: "binary in fragments", send: join(rawFrame(opBinary, pingOf("a", size/2)), rawFrame(final|opContinuation, nil)), code: 1003},
		)
	}
	// A length may take more bytes than it needs.
	wide := binary.BigEndian.AppendUint64([]byte{final | opText, masked | 127}, 40)
	holdAll(t, append(all,
		conduct{name: "1.1.1 empty text", send: textFrame(nil), want: "error:invalid"},
		conduct{name: "1.2.1 empty binary", send: rawFrame(final|opBinary, nil), code: 1003},
		conduct{name: "text of 65537", send: textFrame(pingOf("a", 65_537)), code: 1009},
		conduct{name: "text of 65537 in fragments", send: parts(pingOf("a", 65_536), []byte(" ")), code: 1009},
		conduct{name: "binary of 65537", send: rawFrame(final|opBinary, make([]byte, 65_537)), code: 1009},
		conduct{name: "a mask", send: unmaskable(pingOf("a", 300)), want: "pong:a"},
		conduct{name: "a wide length", send: append(append(wide, 0, 0, 0, 0), pingOf("a", 40)...), want: "pong:a"},
	))
}

// unmaskable is a text frame with a mask that changes every byte.
func unmaskable(payload []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{final | opText, masked | 126}, uint16(len(payload)))
	mask := [4]byte{0xa1, 0x5e, 0x37, 0xff}
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i%4])
	}
	return b
}

func TestPingsAreAnsweredAndPongsAreTaken(t *testing.T) { // RFC 6455 5.5.2, 5.5.3
	ping := func(payload string) []byte { return rawFrame(final|opPing, []byte(payload)) }
	pong := func(payload string) []byte { return rawFrame(final|opPong, []byte(payload)) }
	var ten []byte
	for i := range 10 {
		ten = append(ten, ping(fmt.Sprint(i))...)
	}
	long := strings.Repeat("p", 125)
	all := []conduct{
		{name: "2.1 empty", send: ping(""), want: "pong()"},
		{name: "2.2 text", send: ping("hello"), want: "pong(hello)"},
		{name: "2.3 no text", send: ping("\x00\xff\xfe\xfd\xfc\xfb"), want: "pong(\x00\xff\xfe\xfd\xfc\xfb)"},
		{name: "2.4 of 125 bytes", send: ping(long), want: "pong(" + long + ")"},
		{name: "2.5 of 126 bytes", send: ping(long + "p"), code: 1002},
		{name: "pong of 126 bytes", send: pong(long + "p"), code: 1002},
		{name: "2.6 chopped", send: ping(long), chop: 1, want: "pong(" + long + ")"},
		{name: "2.7 a pong that nobody asked for", send: pong("")},
		{name: "2.8 with a payload", send: pong("unasked")},
		{name: "2.9 and then a ping", send: join(pong("unasked"), ping("asked")), want: "pong(asked)"},
		{name: "2.10 ten pings", send: ten, want: "pong(9)"},
		{name: "2.11 ten pings, chopped", send: ten, chop: 1, want: "pong(9)"},
	}
	for size := range 126 {
		payload := strings.Repeat("x", size)
		all = append(all, conduct{name: fmt.Sprintf("of %d bytes", size), send: ping(payload), want: "pong(" + payload + ")"})
	}
	holdAll(t, all)
}

func TestReservedBitsOpcodesAndMasksEndTheSocket(t *testing.T) { // RFC 6455 5.1, 5.2; fault-W6, fault-W7
	good, bad := textFrame(pingOf("a", 30)), pingOf("b", 30)
	var all []conduct
	for _, op := range []byte{opText, opBinary, opContinuation, opClose, opPing, opPong} {
		for rsv := byte(1); rsv <= 7; rsv++ { // 3: reserved bits
			broken := rawFrame(final|rsv<<4|op, bad[:min(len(bad), 30)])
			all = append(all,
				conduct{name: fmt.Sprintf("3.%d opcode %d", rsv, op), send: broken, code: 1002},
				conduct{name: fmt.Sprintf("3.%d opcode %d behind a message", rsv, op), send: join(good, broken, good), want: "pong:a", code: 1002},
				conduct{name: fmt.Sprintf("3.%d opcode %d, chopped", rsv, op), send: join(good, broken), chop: 1, want: "pong:a", code: 1002},
			)
		}
		all = append(all, conduct{name: fmt.Sprintf("unmasked opcode %d", op), send: append([]byte{final | op, byte(len(bad))}, bad...), code: 1002})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} { // 4: opcodes
		for name, payload := range map[string][]byte{"empty": nil, "full": bad} {
			all = append(all,
				conduct{name: fmt.Sprintf("4 opcode %d %s", op, name), send: rawFrame(final|op, payload), code: 1002},
				conduct{name: fmt.Sprintf("4 opcode %d %s behind a message", op, name), send: join(good, rawFrame(final|op, payload), rawFrame(final|opPing, nil)), want: "pong:a", code: 1002},
				conduct{name: fmt.Sprintf("4 opcode %d %s, chopped", op, name), send: join(good, rawFrame(final|op, payload)), chop: 1, want: "pong:a", code: 1002},
			)
		}
	}
	holdAll(t, all)
}

func TestFragmentsAreJoinedAndStrayOnesEndTheSocket(t *testing.T) { // RFC 6455 5.4; fault-W9
	a, b := []byte(`{"type":"ping"`), []byte(`,"id":"a"}`)
	whole, ping := textFrame([]byte(`{"type":"ping","id":"w"}`)), rawFrame(final|opPing, []byte("p"))
	start, more, end := rawFrame(opText, a), rawFrame(opContinuation, nil), rawFrame(final|opContinuation, b)
	stray, strayMore := rawFrame(final|opContinuation, a), rawFrame(opContinuation, a)
	var all []conduct
	for _, chop := range []int{0, 8, 1} { // at once, in pieces, byte by byte
		all = append(all,
			conduct{name: "5.1 a ping in fragments", chop: chop, send: join(rawFrame(opPing, a), rawFrame(final|opContinuation, b)), code: 1002},
			conduct{name: "5.2 a pong in fragments", chop: chop, send: join(rawFrame(opPong, a), rawFrame(final|opContinuation, b)), code: 1002},
			conduct{name: "a close in fragments", chop: chop, send: join(rawFrame(opClose, []byte{3, 0xe8}), rawFrame(final|opContinuation, b)), code: 1002},
			conduct{name: "5.3 to 5.5 two fragments", chop: chop, send: join(start, end), want: "pong:a"},
			conduct{name: "5.6 to 5.8 a ping between", chop: chop, send: join(start, ping, end), want: "pong(p) pong:a"},
			conduct{name: "5.9 to 5.11 a last fragment of nothing", chop: chop, send: join(stray, whole), code: 1002},
			conduct{name: "5.12 to 5.14 a fragment of nothing", chop: chop, send: join(strayMore, whole), code: 1002},
			conduct{name: "5.15 a message, then a fragment of nothing", chop: chop, send: join(start, end, strayMore, whole), want: "pong:a", code: 1002},
			conduct{name: "5.16 fragments of nothing around a message", chop: chop, send: join(strayMore, whole, strayMore, whole), code: 1002},
			conduct{name: "5.17 last fragments of nothing around a message", chop: chop, send: join(stray, whole, stray, whole), code: 1002},
			conduct{name: "5.18 a message inside another", chop: chop, send: join(start, rawFrame(final|opText, b)), code: 1002},
			conduct{name: "binary inside a message", chop: chop, send: join(start, rawFrame(final|opBinary, b)), code: 1002},
			conduct{
				name: "5.19 and 5.20 five fragments and two pings", chop: chop,
				send: join(start, more, rawFrame(final|opPing, []byte("1")), more, more, rawFrame(final|opPing, []byte("2")), end), want: "pong(2) pong:a",
			},
			conduct{name: "empty fragments", chop: chop, send: join(rawFrame(opText, nil), rawFrame(opContinuation, a), more, end), want: "pong:a"},
		)
	}
	holdAll(t, all)
}

// validUTF8 and invalidUTF8 are sequences of the encoding's corners.
func validUTF8() []string {
	return []string{
		"κόσμε", "Hello-µ@ßöäüàá-UTF-8!!", "日本語", "\U0001F600",
		"\u0080", "\u0800", "\U00010000", "\u007f", "\u07ff", "\uffff", "\U0010ffff", // first and last of each length
		"\ud7ff", "\ue000", "\ufffd", "\ufdd0", "\ufeff", // around the surrogates, and what looks odd but is none
		"\ufffe", "\U0001fffe", "\U0001ffff", "\U0002fffe", "\U0008ffff", "\U000ffffe", "\U0010fffe", // no characters, but valid
		"\u2028\u2029\u0085\u200e\u202e",
	}
}

func invalidUTF8() []string {
	all := []string{
		"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xf4\x90\x80\x80", "\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf",
		"κόσμε\xed\xa0\x80edited", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80\x65",
		"\xfe", "\xff", "\xfe\xfe\xff\xff", // bytes that are in no sequence
		"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf", // overlong
		"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf",
		"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80",
		"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf", // surrogates
		"\xed\xa0\x80\xed\xb0\x80", "\xed\xad\xbf\xed\xbf\xbf", "\xed\xaf\xbf\xed\xb0\x80",
		"\xc2", "\xdf", "\xe0", "\xe0\xa0", "\xef\xbf", "\xf0\x90\x80", "\xf4\x8f\xbf", "\xf0\x90", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf", // cut short
		"\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf\xf7\xbf\xbf",
	}
	var stray []byte
	for b := byte(0x80); b <= 0xbf; b++ {
		stray = append(stray, b)
	}
	for n := 1; n <= 7; n++ { // continuations of nothing
		all = append(all, string(stray[:n]), string(stray[64-n:]))
	}
	all = append(all, string(stray))
	for b := 0xc0; b <= 0xff; b++ { // beginnings without an end
		all = append(all, string([]byte{byte(b), ' '}))
	}
	return all
}

func TestTextThatIsUTF8IsTakenAsItIsAndOtherEndsTheSocket(t *testing.T) { // RFC 6455 8.1; fault-M6
	var all []conduct
	add := func(name, sequence string, c conduct) {
		frame := []byte(`{"type":"say","id":"m","text":"a` + sequence + `b"}`)
		at := bytes.Index(frame, []byte(sequence))
		single := [][]byte{frame[:at]}
		for i := range len(sequence) {
			single = append(single, []byte{sequence[i]})
		}
		single = append(single, frame[at+len(sequence):])
		for how, send := range map[string][]byte{
			"in one frame": textFrame(frame), "in fragments": parts(single...), "across two": parts(frame[:at+1], frame[at+1:]),
		} {
			c.name, c.send, c.chop = fmt.Sprintf("6 %s %q %s", name, sequence, how), send, 0
			all = append(all, c)
		}
		c.name, c.send, c.chop = fmt.Sprintf("6 %s %q byte by byte", name, sequence), textFrame(frame), 1
		all = append(all, c)
	}
	for _, s := range validUTF8() {
		if !utf8.ValidString(s) {
			t.Fatalf("%q is not valid", s)
		}
		add("valid", s, conduct{want: "said:a" + s + "b"})
	}
	for _, s := range invalidUTF8() {
		if utf8.ValidString(s) {
			t.Fatalf("%q is valid", s)
		}
		add("invalid", s, conduct{code: 1007})
	}
	all = append(all,
		conduct{name: "6.1.1 empty", send: textFrame(nil), want: "error:invalid"},
		conduct{name: "6.1.2 three empty fragments", send: parts(nil, nil, nil), want: "error:invalid"},
		conduct{name: "6.1.3 an empty fragment on either side", send: parts(nil, pingOf("a", 0), nil), want: "pong:a"},
		conduct{name: "6.4 nothing behind what is wrong", send: join(textFrame([]byte("\xed\xa0\x80")), textFrame([]byte(sayFrame("late", "late")))), code: 1007},
	)
	w := holdAll(t, all)
	if a := w.do(t, "GET", "/v1/search?q=late", "", w.as("alice")); strings.Contains(a.body, "late") {
		t.Error("a message after what is no UTF-8 was accepted")
	}
}

func TestTheClosingHandshakeIsHeld(t *testing.T) { // RFC 6455 5.5.1, 7.4; fault-W10, fault-W11
	bye := func(code int, reason string) []byte {
		return rawFrame(final|opClose, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
	}
	ping, late := rawFrame(final|opPing, nil), textFrame([]byte(sayFrame("late", "late")))
	all := []conduct{
		{name: "7.1.1 after a message", send: join(textFrame(pingOf("a", 0)), bye(1000, "")), want: "pong:a", code: 1000},
		{name: "7.1.2 two closes", send: join(bye(1000, ""), bye(1000, "")), code: 1000},
		{name: "7.1.3 a ping behind", send: join(bye(1000, ""), ping), code: 1000},
		{name: "7.1.4 a message behind", send: join(bye(1000, ""), late), code: 1000},
		{name: "7.1.5 between fragments", send: join(rawFrame(opText, []byte(`{"type":`)), bye(1000, ""), rawFrame(final|opContinuation, []byte(`"ping"}`))), code: 1000},
		{name: "7.1.6 behind what is too big", send: join(textFrame(make([]byte, 256<<10)), bye(1000, ""), ping), code: 1009},
		{name: "7.3.1 without a code", send: rawFrame(final|opClose, nil), code: 1000},
		{name: "7.3.2 half a code", send: rawFrame(final|opClose, []byte{3}), code: 1002},
		{name: "half a code behind a message", send: join(textFrame(pingOf("a", 0)), rawFrame(final|opClose, []byte{3})), want: "pong:a", code: 1002},
		{name: "half a code behind an utterance", send: join(textFrame([]byte(sayFrame("kept", "kept"))), rawFrame(final|opClose, []byte{3})), want: "said:kept", code: 1002},
		{name: "7.3.4 a reason", send: bye(1000, "à bientôt"), code: 1000},
		{name: "7.3.5 the longest reason", send: bye(1000, strings.Repeat("*", 123)), code: 1000},
		{name: "7.3.6 a longer one", send: bye(1000, strings.Repeat("*", 124)), code: 1002},
		{name: "7.5.1 a reason that is no UTF-8", send: bye(1000, "\xce\xba\xed\xa0\x80"), code: 1002},
		{name: "a reason of one bad byte", send: bye(1000, "\xff"), code: 1002},
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4408, 4999} {
		all = append(all, conduct{name: fmt.Sprintf("7.7 code %d", code), send: bye(code, "x"), code: code})
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65_535} {
		all = append(all, conduct{name: fmt.Sprintf("7.9 code %d", code), send: bye(code, "x"), code: 1002})
	}
	for _, c := range all[:len(all):len(all)] {
		c.name, c.chop = c.name+", chopped", 7
		all = append(all, c)
	}
	w := holdAll(t, all)
	if a := w.do(t, "GET", "/v1/search?q=late", "", w.as("alice")); strings.Contains(a.body, "late") {
		t.Error("a message after the close was accepted")
	}
	if a := w.do(t, "GET", "/v1/search?q=kept", "", w.as("alice")); !strings.Contains(a.body, "kept") {
		t.Errorf("what came whole before the close that is none was dropped: %s", a.body)
	}
	if lingerFor >= time.Second {
		t.Errorf("a socket lingers for %v, want less than a second", lingerFor)
	}
	// A peer that never hangs up, and goes on talking, is left all the same.
	for _, first := range [][]byte{bye(1000, ""), bye(2000, ""), rawFrame(final|opClose, []byte{3})} {
		s := w.handshake(t, "alice", protocol.Subprotocol)
		s.put(first...)
		s.closed()
		w.eventually(t, "the socket is released", func() bool { s.put(late...); return w.meter.get("open") == 0 })
	}
}

func TestALengthOverTheLimitIsRefusedBeforeItIsAllocated(t *testing.T) { // fault-W1
	w := newWorld(t)
	length := func(n uint64) []byte {
		return append(binary.BigEndian.AppendUint64([]byte{final | opText, masked | 127}, n), 0, 0, 0, 0)
	}
	for _, n := range []uint64{protocol.MaxFrame + 1, 1 << 30, 1 << 62, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		for name, send := range map[string][]byte{"alone": length(n), "as a second fragment": join(rawFrame(opText, []byte("{")), append([]byte{final}, length(n)[1:]...))} {
			s := w.handshake(t, "alice", protocol.Subprotocol)
			_, _, _ = s.read() // hello
			perRun := allocated(t, func() {
				s.put(send...)
				if code := s.closed(); code != 1009 {
					t.Errorf("length %d %s: closed with %d", n, name, code)
				}
			})
			if perRun > 64<<10 {
				t.Errorf("length %d %s: %d bytes were allocated", n, name, perRun)
			}
		}
	}
}

func TestWhatComesTooSlowlyEndsTheSocket(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Config.FrameTimeout = 200 * time.Millisecond })
	for _, c := range []conduct{
		{name: "half a frame", send: []byte{final | opText, masked | 50, 0, 0, 0, 0, '{'}, code: 1008},
		{name: "half a head", send: []byte{final}, code: 1008},
		{name: "a message without an end", send: rawFrame(opText, []byte(`{"type":"ping"}`)), code: 1008},
		{name: "half a ping", send: []byte{final | opPing, masked | 5, 0, 0, 0, 0, 'x'}, code: 1008},
	} {
		c.hold(t, w)
	}
}

func TestWhatIsCompressedIsRefused(t *testing.T) { // fault-W5
	w := newWorld(t)
	bomb := bytes.Repeat([]byte{0xec, 0xc1, 0x01, 0x01}, 15<<10) // 60 KB: as much as the limit lets in
	for _, offer := range []string{
		"permessage-deflate", "permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover, permessage-deflate",
		"x-webkit-deflate-frame", "permessage-bzip2",
	} {
		s := w.handshake(t, "alice", protocol.Subprotocol, "Sec-WebSocket-Extensions: "+offer) // fails where one is negotiated
		_, _, _ = s.read()
		spent := allocated(t, func() {
			s.put(rawFrame(final|0x40|opText, bomb)...)
			if code := s.closed(); code != 1002 {
				t.Errorf("%s: a compressed frame closed with %d, want 1002", offer, code)
			}
		})
		if spent > 256<<10 {
			t.Errorf("%s: %d bytes were allocated", offer, spent)
		}
	}
}
