package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// escapes writes a text as JSON's \u escapes, 12 bytes for each character beyond
// the basic plane.
func escapes(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

// ofLength repeats a text up to so many code points.
func ofLength(text string, n int) string {
	runes := []rune(strings.Repeat(text, n/utf8.RuneCountInString(text)+1))
	return string(runes[:n])
}

// Length counts code points, whatever they are and however they are written, and
// what is one too long is refused with both numbers, on a WebSocket as in a request.
func TestTheLongestTextIsTakenAndOneLongerRefused(t *testing.T) { // E05, fault-M1, fault-M2
	w := newWorld(t)
	c := w.dial(t, "alice")
	n := 0
	for name, unit := range map[string]string{
		"ASCII": "a", "composed": "é", "decomposed": "e\u0301", "emoji": "😀", "a family": "👨\u200d👩\u200d👧\u200d👦",
	} {
		for _, written := range []string{"as it is", "as escapes"} {
			for _, length := range []int{protocol.MaxText, protocol.MaxText + 1} {
				text := ofLength(unit, length)
				quoted := text
				if written == "as escapes" {
					quoted = escapes(text)
				}
				what := fmt.Sprintf("%d of %s %s", length, name, written)
				n++
				id := fmt.Sprintf("%s-%d", strings.Repeat("i", 60), n)
				c.say(fmt.Sprintf(`{"type":"say","id":"%.64s","text":"%s","lang":"fr","remember":false,"mode":"queue"}`, id, quoted))
				a := w.do(t, "POST", "/v1/chat", `{"text":"`+quoted+`"}`, w.as("bob"))
				if length == protocol.MaxText {
					all := c.until(protocol.TypeDone)
					if all[0].Text != text || all[len(all)-1].Text != "you said "+text {
						t.Errorf("%s: accepted is not what was said", what)
					}
					var done struct{ Text string }
					a.into(t, &done)
					if a.status != http.StatusOK || done.Text != "you said "+text {
						t.Errorf("%s: POST got %d", what, a.status)
					}
					continue
				}
				if f := c.next(); f.Code != "too_large" || f.Field != "text" || !strings.Contains(f.Message, "4096 4097") {
					t.Errorf("%s: got %+v, want too_large with 4096 and 4097", what, f)
				}
				if f := a.failure(t); a.status != http.StatusRequestEntityTooLarge || f.Field != "text" || !strings.Contains(f.Message, "4096 4097") {
					t.Errorf("%s: POST got %d %+v", what, a.status, f)
				}
			}
		}
	}
}

// What shows nothing is no utterance: nobody answers it, on any way in.
func TestATextThatShowsNothingIsRefused(t *testing.T) { // fault-M3
	w := newWorld(t)
	c, old := w.dial(t, "alice"), w.original(t, "en")
	for name, text := range map[string]string{
		"empty": "", "spaces": " \t\n\u00a0\u2003", "joiners": "\u200d\u200c", "a byte order mark": "\ufeff", "marks": "\u0301\u0308\u20dd",
		"tags": "\U000e0041\U000e0042", "controls": "\u0000\u0007", "overrides": "\u202e\u2066",
	} {
		quoted := escapes(text)
		c.say(`{"type":"say","id":"m","text":"` + quoted + `"}`)
		if f := c.next(); f.Code != "invalid" || f.Field != "text" || !strings.Contains(f.Message, "error.empty") {
			t.Errorf("%s: got %+v", name, f)
		}
		old.say(`{"message":"` + quoted + `"}`)
		if f := old.next(); f.Error == "" || f.Response != "" {
			t.Errorf("%s: the older shape got %+v", name, f)
		}
		if a := w.do(t, "POST", "/v1/chat", `{"text":"`+quoted+`"}`, w.as("alice")); a.status != 400 || a.failure(t).Field != "text" {
			t.Errorf("%s: POST got %d %s", name, a.status, a.body)
		}
	}
	if a := w.do(t, "GET", "/v1/sessions", "", w.as("alice")); !strings.Contains(a.body, `"items":[]`) {
		t.Errorf("something began: %s", a.body)
	}
}

// What is odd but shows something is taken as it is.
func TestOddTextsAreTakenAsTheyAre(t *testing.T) { // fault-M9: the edge and its log; test/e2e/page.test.mjs has the layout
	w := newWorld(t)
	c := w.dial(t, "alice")
	for i, text := range []string{
		strings.Repeat("x", protocol.MaxText), "a" + strings.Repeat("\n", protocol.MaxText-1), "a" + strings.Repeat("\u0301", protocol.MaxText-1),
		"\x1b[2J\x1b]52;c;aGk=\x07 screen", "\u202egnirts\u202c", "a\u0000b",
	} {
		raw, err := json.Marshal(protocol.Say{Type: protocol.TypeSay, ID: fmt.Sprint("m", i), Text: text})
		must(t, err)
		c.say(string(raw))
		all := c.until(protocol.TypeDone)
		if all[0].Text != text || all[len(all)-1].Text != "you said "+text {
			t.Errorf("text %d came back as %.40q", i, all[0].Text)
		}
	}
	log := w.log.text()
	if strings.Contains(log, "xxxx") || strings.ContainsAny(log, "\x1b\u0301\u202e") {
		t.Error("what people say is in the log")
	}
	for line := range strings.Lines(log) {
		if len(line) > 1<<10 {
			t.Errorf("a line of the log has %d bytes: %.80q", len(line), line)
		}
	}
}

func TestNumbersAndClocksOutOfRangeAreRefusedWithTheirPlace(t *testing.T) { // fault-M18: of frames and settings; host/config has the rest
	w := newWorld(t)
	c := w.dial(t, "alice")
	for frame, field := range map[string]string{
		`{"type":"resume","session":"s","after":9223372036854775808}`:             "after",
		`{"type":"resume","session":"s","after":-9223372036854775809}`:            "after",
		`{"type":"resume","session":"s","after":-1}`:                              "after",
		`{"type":"resume","session":"s","after":0,"offset":9223372036854775808}`:  "offset",
		`{"type":"resume","session":"s","after":0,"offset":-9223372036854775808}`: "offset",
		`{"type":"resume","session":"s","after":"2026-01-01T00:00:00Z"}`:          "after",
		`{"type":"resume","session":"s","after":NaN}`:                             "after",
		`{"type":"resume","session":"s","after":-Infinity}`:                       "after",
		`{"type":"resume","session":"s","after":0x10}`:                            "after",
	} {
		c.say(frame)
		if f := c.next(); f.Type != protocol.TypeError || f.Code != "invalid" || f.Field != field && !strings.Contains(frame, "0x") {
			t.Errorf("%s: got %+v, want invalid about %s", frame, f, field)
		}
	}
	for body, field := range map[string]string{
		`{"tz":"Mars/Olympus_Mons"}`: "tz", `{"tz":3600}`: "tz", `{"tz":"../../etc/passwd"}`: "tz", `{"tz":"+25:00"}`: "tz", `{"tz":9223372036854775808}`: "tz",
		`{"lang":-1}`: "lang", `{"lang":"de"}`: "lang", `{"lang":1e400}`: "lang", `{"name":-1}`: "name", `{"name":{}}`: "name", `{"tz":NaN}`: "tz",
	} {
		a := w.do(t, "PATCH", "/v1/me", body, w.as("alice"))
		if a.status != 400 || a.failure(t).Field != field {
			t.Errorf("PATCH /v1/me %s: %d %s, want 400 about %s", body, a.status, a.body, field)
		}
	}
	for _, limit := range []string{"-1", "NaN", "9223372036854775808", "1e9", "0x10", ""} {
		if a := w.do(t, "GET", "/v1/sessions?limit="+limit, "", w.as("alice")); limit != "" && (a.status != 400 || a.failure(t).Field != "limit") {
			t.Errorf("limit %s: %d %s", limit, a.status, a.body)
		}
	}
	if me := w.do(t, "GET", "/v1/me", "", w.as("alice")); strings.Contains(me.body, "Mars") || strings.Contains(me.body, `"de"`) {
		t.Errorf("something was kept: %s", me.body)
	}
}
