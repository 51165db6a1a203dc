package scrub

import (
	"encoding/json"
	"testing"
)

// S07: what a secret stands in stays JSON, whatever the secret is and however it
// is escaped; what holds none is not touched, not even its blanks.
func TestKnownSecretsGoOutOfJSON(t *testing.T) {
	s := New()
	for _, secret := range []string{"butter-and-bread", "1234567890", `x-one","y-two`} {
		s.Register(secret)
	}
	for in, want := range map[string]string{
		``:                         ``,
		`{ "a": [1, 2.50, "x"] }`:  `{ "a": [1, 2.50, "x"] }`,
		`{"a":"butter-and-bread"}`: `{"a":"[redacted]"}`,
		`{"a":["so butter-and-bread it is", {"butter-and-bread":true}]}`: `{"a":["so [redacted] it is",{"[redacted]":true}]}`,
		`{"a":1234567890,"b":12345678}`:                                  `{"a":"[redacted]","b":12345678}`,
		`{"a":"b\u0075tter-\u0061nd-bre\u0061d"}`:                        `{"a":"[redacted]"}`,
		`{"a":"butter-and-bread","a":"x"}`:                               `{"a":"x"}`,
		`{"a":"b\u0075tter-\u0061nd-bread","a":"x"}`:                     `{"a":"x"}`,
		`{"a":"x-one\",\"y-two"}`:                                        `{"a":"[redacted]"}`,
		`["x-one","y-two"]`:                                              `"[redacted]"`,
		`no butter-and-bread`:                                            `"no [redacted]"`,
	} {
		got := string(s.ScrubKnownJSON(json.RawMessage(in)))
		if got != want || got != "" && !json.Valid([]byte(got)) {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
		if again := string(s.ScrubKnownJSON(json.RawMessage(got))); again != got {
			t.Errorf("%s: once more is %s", in, again)
		}
	}
}
