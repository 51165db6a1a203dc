package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

func TestDeltasJoinedAreTheAnswer(t *testing.T) { // E02
	w := newWorld(t)
	c := w.dial(t, "alice")
	c.say(sayFrame("m1", "élan vital 😀 hello"))
	all := c.until(protocol.TypeDone)
	accepted, done := all[0], all[len(all)-1]
	if accepted.Type != protocol.TypeAccepted || accepted.ID != "m1" || accepted.Seq != 1 {
		t.Errorf("first frame is %+v, want accepted", accepted)
	}
	var text string
	for _, d := range all[1 : len(all)-1] {
		if d.Type != protocol.TypeDelta || d.Offset != len([]rune(text)) {
			t.Errorf("got %+v at offset %d", d, len([]rune(text)))
		}
		text += d.Text
	}
	if text != done.Text || done.Seq != 2 || done.Turn != accepted.Turn {
		t.Errorf("deltas make %q, done is %+v", text, done)
	}
	// The answer may be there before the utterance is counted.
	w.eventually(t, "one chat is counted", func() bool { return w.meter.get("chat false ok") == 1 })
}

func TestTheSameIDIsAnsweredWithTheSameAccepted(t *testing.T) {
	c := newWorld(t).dial(t, "alice")
	c.say(sayFrame("m1", "hello"))
	first := c.until(protocol.TypeDone)[0]
	c.say(sayFrame("m1", "hello"))
	if again := c.next(); again != first {
		t.Errorf("got %+v, want %+v", again, first)
	}
	c.say(`{"type":"ping","id":"p1"}`)
	if f := c.next(); f.Type != protocol.TypePong || f.ID != "p1" {
		t.Errorf("got %+v, want a pong and nothing run again", f)
	}
}

func TestAnUtteranceWithoutASessionContinuesTheLast(t *testing.T) {
	c := newWorld(t).dial(t, "alice")
	c.say(sayFrame("m1", "one"))
	first := c.until(protocol.TypeDone)[0]
	c.say(sayFrame("m2", "two"))
	if second := c.until(protocol.TypeDone)[0]; second.Session != first.Session || second.Seq != 3 {
		t.Errorf("got %+v, want session %s", second, first.Session)
	}
	c.say(`{"type":"say","id":"m3","text":"secret","temporary":true}`)
	temporary := c.until(protocol.TypeDone)[0]
	if temporary.Session == first.Session {
		t.Error("a temporary utterance went into a session that is kept")
	}
	c.say(`{"type":"say","id":"m4","text":"more","temporary":true}`)
	if f := c.until(protocol.TypeDone)[0]; f.Session != temporary.Session {
		t.Errorf("got session %s, want the temporary one %s", f.Session, temporary.Session)
	}
}

func TestStopEndsTheRunningTurn(t *testing.T) { // E06
	c := newWorld(t).dial(t, "alice")
	c.say(`{"type":"stop"}`)
	if f := c.next(); f.Type != protocol.TypeError || f.Code != "not_found" {
		t.Fatalf("got %+v, want not_found", f)
	}
	c.say(sayFrame("m1", "wait"))
	c.until(protocol.TypeDelta)
	c.say(`{"type":"stop"}`)
	all := c.until(protocol.TypeDone)
	if done := all[len(all)-1]; done.State != "stopped" || done.Text != "you " {
		t.Errorf("got %+v, want stopped", done)
	}
	c.say(`{"type":"stop"}`)
	if f := c.next(); f.Code != "not_found" {
		t.Errorf("got %+v, want not_found", f)
	}
}

func TestAQuestionIsAnsweredByAReply(t *testing.T) {
	c := newWorld(t).dial(t, "alice")
	c.say(sayFrame("m1", "ask"))
	all := c.until(protocol.TypeQuestion)
	q := all[len(all)-1]
	c.say(`{"type":"reply","question":"nobody","value":true}`)
	if f := c.next(); f.Code != "not_found" {
		t.Errorf("got %+v, want not_found", f)
	}
	c.say(fmt.Sprintf(`{"type":"reply","question":%q,"value":true}`, q.Question))
	all = c.until(protocol.TypeDone)
	if done := all[len(all)-1]; !strings.Contains(done.Text, `"true"`) {
		t.Errorf("got %+v, want the reply in it", done)
	}
}

func TestAnotherDeviceFollowsLiveAndAnotherUserNever(t *testing.T) { // E13
	w := newWorld(t)
	phone, desk, bob := w.dial(t, "alice"), w.dial(t, "alice"), w.dial(t, "bob")
	phone.say(sayFrame("m1", "one"))
	id := phone.until(protocol.TypeDone)[0].Session
	resume := fmt.Sprintf(`{"type":"resume","session":%q,"after":0}`, id)
	bob.say(resume)
	if f := bob.next(); f.Code != "not_found" {
		t.Errorf("bob got %+v, want not_found", f)
	}
	bob.say(fmt.Sprintf(`{"type":"say","id":"m1","text":"hi","session":%q}`, id))
	if f := bob.next(); f.Code != "not_found" || f.ID != "m1" {
		t.Errorf("bob got %+v, want not_found", f)
	}
	desk.say(resume)
	if all := desk.until(protocol.TypeDone); all[0].Text != "one" {
		t.Errorf("desk got %+v, want the utterance", all[0])
	}
	phone.say(sayFrame("m2", "two"))
	all := desk.until(protocol.TypeDone)
	if all[0].Text != "two" || all[len(all)-1].Text != "you said two" {
		t.Errorf("desk got %+v", all)
	}
}

func TestMalformedFramesAreToldAndTheSocketLivesOn(t *testing.T) { // E04 E05, fault-H7, fault-M3, fault-M10
	w := newWorld(t)
	long := strings.Repeat("é", protocol.MaxText+1)
	for name, c := range map[string]struct {
		frame   string
		code    string
		field   string
		message string // after the language
	}{
		"not JSON":          {`hello`, "invalid", "", "error.json 0"},
		"truncated":         {`{"type":"say`, "invalid", "type", "error.json"},
		"trailing":          {`{"type":"ping"} {}`, "invalid", "", "error.json"},
		"BOM":               {"\ufeff{}", "invalid", "", "error.json"},
		"lone surrogate":    {`{"type":"say","id":"m","text":"\ud800"}`, "invalid", "text", "error.json"},
		"array":             {`[]`, "invalid", "", "error.not_object"},
		"null":              {`null`, "invalid", "type", "error.missing type"},
		"number":            {`5`, "invalid", "", "error.not_object"},
		"duplicate":         {`{"type":"ping","id":"a","id":"b"}`, "invalid", "id", "error.duplicate id"},
		"nested duplicate":  {`{"type":"ping","x":{"a":1,"a":2}}`, "invalid", "a", "error.duplicate a"},
		"deep":              {`{"type":"ping","x":` + strings.Repeat("[", 20000) + `}`, "invalid", "x.0.0", "error.json"},
		"no type":           {`{}`, "invalid", "type", "error.missing type"},
		"upper type":        {`{"TYPE":"ping"}`, "invalid", "type", "error.missing type"},
		"type number":       {`{"type":1}`, "invalid", "type", "error.type type en type.string"},
		"unknown type":      {`{"type":"shout"}`, "invalid", "type", "error.frame shout"},
		"audio":             {`{"type":"audio.start","rate":16000}`, "unsupported", "type", "error.feature audio"},
		"say without id":    {`{"type":"say","text":"x"}`, "invalid", "id", "error.missing id"},
		"say bad id":        {`{"type":"say","id":"a b","text":"x"}`, "invalid", "id", "error.value id a b"},
		"say long id":       {`{"type":"say","id":"` + strings.Repeat("a", 65) + `","text":"x"}`, "invalid", "id", "error.value id"},
		"say id number":     {`{"type":"say","id":7,"text":"x"}`, "invalid", "id", "error.type id en type.string"},
		"say without text":  {`{"type":"say","id":"m"}`, "invalid", "text", "error.empty text"},
		"say null text":     {`{"type":"say","id":"m","text":null}`, "invalid", "text", "error.empty text"},
		"say blank text":    {`{"type":"say","id":"m","text":" \n\u200d\ufeff\u0301"}`, "invalid", "text", "error.empty text"},
		"say text object":   {`{"type":"say","id":"m","text":{}}`, "invalid", "text", "error.type text en type.string"},
		"say Text":          {`{"type":"say","id":"m","Text":"x"}`, "invalid", "text", "error.empty text"},
		"say too long":      {sayFrame("m", long), "too_large", "text", "error.too_long text 4096 4097"},
		"say bad session":   {`{"type":"say","id":"m","text":"x","session":"../../etc"}`, "invalid", "session", "error.value session"},
		"say no session":    {`{"type":"say","id":"m","text":"x","session":"s_none"}`, "not_found", "", "error.not_found"},
		"say bad lang":      {`{"type":"say","id":"m","text":"x","lang":"de"}`, "invalid", "lang", "error.value lang de fr, en"},
		"say bad mode":      {`{"type":"say","id":"m","text":"x","mode":"now"}`, "invalid", "mode", "error.value mode now"},
		"say remember text": {`{"type":"say","id":"m","text":"x","remember":"no"}`, "invalid", "remember", "error.type remember en type.boolean"},
		"resume nothing":    {`{"type":"resume","after":0}`, "invalid", "session", "error.missing session"},
		"resume fraction":   {`{"type":"resume","session":"s","after":1.5}`, "invalid", "after", "error.type after en type.number"},
		"resume huge":       {`{"type":"resume","session":"s","after":1e9999}`, "invalid", "after", "error.type after en type.number"},
		"resume negative":   {`{"type":"resume","session":"s","after":-1}`, "invalid", "after", "error.value after -1"},
		"resume offset":     {`{"type":"resume","session":"s","after":0,"offset":-1}`, "invalid", "offset", "error.value offset -1"},
		"reply nothing":     {`{"type":"reply"}`, "invalid", "question", "error.missing question"},
		"reply no value":    {`{"type":"reply","question":"q"}`, "invalid", "value", "error.missing value"},
		"reply null":        {`{"type":"reply","question":"q","value":null}`, "invalid", "value", "error.missing value"},
		"reply object":      {`{"type":"reply","question":"q","value":{}}`, "invalid", "value", "error.type value en type.scalar"},
		"ack nothing":       {`{"type":"ack"}`, "invalid", "notice", "error.missing notice"},
		"ack unknown":       {`{"type":"ack","notice":"n1"}`, "not_found", "notice", "error.notice n1"},
		"ping bad id":       {`{"type":"ping","id":"é"}`, "invalid", "id", "error.value id"},
	} {
		t.Run(name, func(t *testing.T) {
			cl := w.dial(t, "alice")
			cl.say(c.frame)
			f := cl.next()
			if f.Type != protocol.TypeError || f.Code != c.code || f.Field != c.field || !strings.HasPrefix(f.Message, "en "+c.message) {
				t.Errorf("got %+v, want %s about %q: %s", f, c.code, c.field, c.message)
			}
			cl.say(`{"type":"ping","id":"alive","of":"no account"}`)
			if f := cl.next(); f.Type != protocol.TypePong || f.ID != "alive" {
				t.Errorf("afterwards got %+v, want a pong", f)
			}
		})
	}
}

func TestErrorsSpeakTheEndUsersLanguage(t *testing.T) { // E04
	w := newWorld(t)
	french := w.dialAs(t, map[string][]string{"Authorization": {"Bearer " + w.keys["alice"]}, "Accept-Language": {"de, fr-CA;q=0.9, en;q=0.8"}}, protocol.Subprotocol)
	if hello := french.next(); hello.Lang != "fr" {
		t.Errorf("hello says %+v, want French", hello)
	}
	french.say(`{}`)
	if f := french.next(); !strings.HasPrefix(f.Message, "fr error.missing") {
		t.Errorf("got %+v, want French", f)
	}
	french.say(`{"type":"say","id":"m","text":"","lang":"en"}`)
	if f := french.next(); !strings.HasPrefix(f.Message, "en error.empty") {
		t.Errorf("got %+v, want the utterance's English", f)
	}
}

func TestTheLongestMessageFitsInAFrame(t *testing.T) { // E05, fault-M1, fault-M2
	c := newWorld(t).dial(t, "alice")
	for i, char := range []string{"a", "é", "e\u0301"[1:] + "", "😀", `\ud83d\ude00`} {
		text := strings.Repeat(char, protocol.MaxText)
		if i == 2 {
			text = strings.Repeat("e\u0301", protocol.MaxText/2)
		}
		c.say(fmt.Sprintf(`{"type":"say","id":"m%d","text":"%s"}`, i, text))
		if f := c.until(protocol.TypeAccepted); len([]rune(f[len(f)-1].Text)) != protocol.MaxText {
			t.Errorf("%q: accepted %d code points", char, len([]rune(f[len(f)-1].Text)))
		}
		c.until(protocol.TypeDone)
	}
}

// S06: the trace context of a handshake is that of all that is said on its socket; one
// that is not valid is none.
func TestATraceThatASocketCameWithIsThatOfItsTurns(t *testing.T) {
	w := newWorld(t)
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for given, want := range map[string]string{parent: parent, "00-nonsense": "", "": ""} {
		head := http.Header{"Authorization": {"Bearer " + w.keys["alice"]}}
		if given != "" {
			head.Set("Traceparent", given)
		}
		c := w.dialAs(t, head, protocol.Subprotocol)
		c.next() // hello
		for _, id := range []string{"a", "b"} {
			c.say(sayFrame(id, "trace"))
			if done := c.until(protocol.TypeDone); done[len(done)-1].Text != want {
				t.Errorf("with %q: %+v, want %q", given, done, want)
			}
		}
		bare := w.dialAs(t, head)
		bare.say(`{"message":"trace"}`)
		if got := bare.next().Response; got != want {
			t.Errorf("the original's shape with %q: %q, want %q", given, got, want)
		}
	}
}
