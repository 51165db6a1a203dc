package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/scrub"
)

const hostile = "line one\nline two\r\x1b[31mred\x1b[0m \u202egnp.exe\u202c \u2066x\u2069 \u009b1m tab\there \x00 \u2028 \U000e0041\U000e007f"

// S07, fault-M5: of the log
func TestEveryRecordIsOneLineOfOneObject(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, FormatJSON, "debug", scrub.New())
	log.Info(hostile, KeyError, errors.New(hostile), KeyUser, hostile, "nested", map[string]any{"k": hostile})
	log.Named(hostile).With(KeyTurn, hostile).Warn("second", KeyStack, []byte(hostile))
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(got) != 2 {
		t.Fatalf("%d lines, want 2:\n%s", len(got), out.String())
	}
	for _, l := range got {
		var m map[string]any
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Errorf("%v in %s", err, l)
		}
		if strings.ContainsFunc(l, harmful) || strings.ContainsAny(l, "\x1b\u202e\U000e0041") {
			t.Errorf("something harmful is left in %q", l)
		}
		if m["@level"] == nil || m["@message"] == nil || m["@timestamp"] == nil {
			t.Errorf("level, message or time is missing in %s", l)
		}
	}
	var first map[string]any
	if err := json.Unmarshal([]byte(got[0]), &first); err != nil {
		t.Fatal(err)
	}
	if first[KeyUser] != hostile {
		t.Errorf("the value became %q: escaping must lose nothing", first[KeyUser])
	}
}

func TestATextRecordIsOneLineWithoutEscapeCodes(t *testing.T) { // fault-M7
	var out bytes.Buffer
	log := NewLogger(&out, FormatText, "info", scrub.New())
	log.Info(hostile, KeyError, hostile, "other", "a\nb")
	log.Info("second")
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("%d lines, want 2:\n%q", n, out.String())
	}
	for l := range strings.Lines(out.String()) {
		if strings.ContainsFunc(strings.TrimSuffix(l, "\n"), harmful) || strings.ContainsAny(l, "\x1b\u202e\U000e0041") {
			t.Errorf("something harmful is left in %q", l)
		}
	}
}

// S07
func TestNoSecretPassesTheLogger(t *testing.T) {
	for _, format := range []string{FormatJSON, FormatText} {
		var out bytes.Buffer
		s := scrub.New()
		s.Register("plant<ed>-q7Kp\n2mZx9Lw")
		log := NewLogger(&out, format, "trace", s)
		secret := "plant<ed>-q7Kp\n2mZx9Lw"
		log.Info("said "+secret, KeyError, fmt.Errorf("dial: %s", secret), "token", "unregistered1")
		log.Error("headers", "Authorization", "Bearer unregistered2", "headers", map[string]string{"X-Api-Key": "unregistered3"})
		log.Warn("url", KeyError, "https://ana:unregistered4@example.test/?api_key=unregistered5")
		log.Debug("struct", "v", fmt.Sprintf("%+v", struct{ Password string }{"unregistered6"}))
		for _, leak := range []string{"plant", "unregistered", "2mZx9Lw"} {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%s: %q leaked in\n%s", format, leak, out.String())
			}
		}
	}
}

func TestTheLevelHoldsBackWhatIsLessSevere(t *testing.T) {
	for level, want := range map[string]int{"trace": 5, "debug": 4, "info": 3, "warn": 2, "error": 1, "": 3, "loud": 3} {
		var out bytes.Buffer
		log := NewLogger(&out, FormatJSON, level, scrub.New())
		log.Trace("m")
		log.Debug("m")
		log.Info("m")
		log.Warn("m")
		log.Error("m")
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("level %q writes %d records, want %d", level, got, want)
		}
	}
}

// oneByOne fails when a record comes in more than one Write.
type oneByOne struct{ t *testing.T }

func (o oneByOne) Write(p []byte) (int, error) {
	if len(p) == 0 || p[len(p)-1] != '\n' || bytes.Count(p, []byte("\n")) != 1 {
		o.t.Errorf("a write holds %q, want one whole line", p)
	}
	return len(p), nil
}

func TestEachRecordIsWrittenWithOneWrite(t *testing.T) {
	log := NewLogger(oneByOne{t}, FormatJSON, "info", scrub.New())
	log.Info("long", KeyStack, strings.Repeat("frame\n", 10_000))
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestASinkTellsThatItCouldNotWrite(t *testing.T) {
	if _, err := NewSink(full{}, scrub.New()).Write([]byte("x\n")); err == nil || err.Error() != "write log: disk full" {
		t.Errorf("error = %v", err)
	}
}

func TestHarmlessTextIsLeftAlone(t *testing.T) {
	for _, s := range []string{"", "météo à Lyon", "日本語 🎲", "a  b"} {
		if got := Harmless(s); got != s {
			t.Errorf("Harmless(%q) = %q", s, got)
		}
	}
	if got := Harmless("a\xffb\u202e"); !utf8.ValidString(got) {
		t.Errorf("got %q", got)
	}
}

// S06
func TestRequestIDsThatAreSafeAreTakenOver(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "req-1.2_3": true, strings.Repeat("x", 64): true, "": false, strings.Repeat("x", 65): false, "a b": false, "a\n": false,
		"é": false, "a/b": false, "<x>": false, "a\x00": false,
	} {
		if got := ValidRequestID(id); got != want {
			t.Errorf("ValidRequestID(%q) = %t", id, got)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		id := NewRequestID()
		if !ValidRequestID(id) || seen[id] {
			t.Fatalf("%q is not valid, or not new", id)
		}
		seen[id] = true
	}
}

func TestNoneOfOurOwnLogKeysPromisesASecret(t *testing.T) {
	s := scrub.New()
	for _, k := range Keys() {
		for _, line := range []string{k + "=q7kp2mzx9lw", `{"` + k + `":"q7kp2mzx9lw"}`} {
			if got := s.Scrub(line); got != line {
				t.Errorf("the value of the log key %q is taken out: %s", k, got)
			}
		}
	}
}
