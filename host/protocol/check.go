package protocol

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Languages are those in which the host answers.
func Languages() []string { return []string{"fr", "en"} }

// Check returns what is wrong with an utterance, or nil.
func (s *Say) Check() *Problem {
	if p := CheckClientID("id", s.ID); p != nil {
		return p
	}
	if p := CheckText("text", s.Text); p != nil {
		return p
	}
	if s.Session != "" {
		if p := CheckID("session", s.Session); p != nil {
			return p
		}
	}
	if s.Lang != "" && !slices.Contains(Languages(), s.Lang) {
		return BadValue("lang", s.Lang, strings.Join(Languages(), ", "))
	}
	if !slices.Contains([]string{"", ModeQueue, ModeSteer}, s.Mode) {
		return BadValue("mode", s.Mode, ModeQueue+", "+ModeSteer)
	}
	return nil
}

// Check returns what is wrong with a stop, or nil.
func (s *Stop) Check() *Problem {
	return firstOf(optionalID("session", s.Session), optionalID("turn", s.Turn))
}

// Check returns what is wrong with a resume, or nil.
func (r *Resume) Check() *Problem {
	if r.Session == "" {
		return Missing("session")
	}
	if r.After < 0 {
		return BadValue("after", fmt.Sprint(r.After), ">= 0")
	}
	if r.Offset < 0 {
		return BadValue("offset", fmt.Sprint(r.Offset), ">= 0")
	}
	return firstOf(CheckID("session", r.Session), optionalID("turn", r.Turn))
}

// Check returns what is wrong with a reply, or nil.
func (r *Reply) Check() *Problem {
	if r.Question == "" {
		return Missing("question")
	}
	if len(r.Value) == 0 || string(r.Value) == "null" {
		return Missing("value")
	}
	if r.Value[0] == '{' || r.Value[0] == '[' {
		return &Problem{Code: Invalid, Field: "value", Text: WordType, Args: []any{"value", WordTypeScalar}}
	}
	return optionalID("question", r.Question)
}

// Check returns what is wrong with an ack, or nil.
func (a *Ack) Check() *Problem {
	if a.Notice == "" {
		return Missing("notice")
	}
	return optionalID("notice", a.Notice)
}

// Check returns what is wrong with a ping, or nil.
func (p *Ping) Check() *Problem {
	if p.ID == "" {
		return nil
	}
	return CheckClientID("id", p.ID)
}

// CheckText returns what is wrong with a text that a person said, or nil.
// Length counts code points.
func CheckText(field, text string) *Problem {
	if !strings.ContainsFunc(text, visible) {
		return &Problem{Code: Invalid, Field: field, Text: WordEmpty, Args: []any{field}}
	}
	if n := utf8.RuneCountInString(text); n > MaxText {
		return &Problem{Code: TooLarge, Field: field, Text: WordTooLong, Args: []any{field, MaxText, n}}
	}
	return nil
}

// visible says whether a reader sees more of r than blank: format characters
// and marks alone say nothing.
func visible(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.In(r, unicode.Cf, unicode.Cc, unicode.M)
}

// CheckClientID returns what is wrong with an id that a client made, or nil.
func CheckClientID(field, id string) *Problem {
	if id == "" {
		return Missing(field)
	}
	odd := func(r rune) bool { return !wordRune(r) && (r < 'A' || r > 'Z') }
	if len(id) > MaxClientID || strings.ContainsFunc(id, odd) {
		return BadValue(field, id, "[A-Za-z0-9_-]{1,64}")
	}
	return nil
}

// CheckID returns what is wrong with an id that the host made, or nil.
func CheckID(field, id string) *Problem {
	if id == "" {
		return Missing(field)
	}
	if len(id) > MaxClientID || strings.ContainsFunc(id, func(r rune) bool { return !wordRune(r) }) {
		return BadValue(field, id, "[a-z0-9_-]{1,64}")
	}
	return nil
}

// Missing is the problem of a member that has to be there.
func Missing(field string) *Problem {
	return &Problem{Code: Invalid, Field: field, Text: WordMissing, Args: []any{field}}
}

// BadValue is the problem of a member whose value is none of those expected.
func BadValue(field, value, expected string) *Problem {
	return &Problem{Code: Invalid, Field: field, Text: WordValue, Args: []any{field, Excerpt(value), expected}}
}

// Excerpt is as much of a client's value as an answer repeats.
func Excerpt(value string) string {
	const most = 64
	runes := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, value))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

func wordRune(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_' || r == '-'
}

func optionalID(field, id string) *Problem {
	if id == "" {
		return nil
	}
	// Ids other than a session's may hold capitals and dots.
	odd := func(r rune) bool { return !wordRune(r) && (r < 'A' || r > 'Z') && r != '.' }
	if len(id) > MaxClientID || strings.ContainsFunc(id, odd) {
		return BadValue(field, id, "[A-Za-z0-9._-]{1,64}")
	}
	return nil
}

func firstOf(problems ...*Problem) *Problem {
	for _, p := range problems {
		if p != nil {
			return p
		}
	}
	return nil
}
