package analysis

import (
	"strings"
	"time"
)

// spans are words for a time seen from now: days from today on at which it
// begins, and how many it lasts.
var spans = []struct {
	words string // folded; a space joins what stands side by side
	from  int
	days  int
}{
	{"day before yesterday", -2, 1},
	{"avant hier", -2, 1},
	{"yesterday", -1, 1},
	{"hier", -1, 1},
	{"last night", -1, 1},
	{"today", 0, 1},
	{"this morning", 0, 1},
	{"aujourd", 0, 1},
	{"aujourd'hui", 0, 1},
	{"ce matin", 0, 1},
	{"last week", -13, 13},
	{"semaine derniere", -13, 13},
	{"semaine passee", -13, 13},
	{"this week", -6, 7},
	{"cette semaine", -6, 7},
	{"last month", -60, 60},
	{"mois dernier", -60, 60},
	{"mois passe", -60, 60},
}

// Relative returns the time that a text means from a moment on, such as
// yesterday; ok is false where it names none. Days begin at midnight in the
// moment's zone, and a week or a month is taken generously.
func (t Text) Relative(now time.Time) (from, to time.Time, ok bool) {
	var b strings.Builder
	for _, k := range t.Tokens {
		b.WriteString(" " + k.Folded)
	}
	b.WriteByte(' ')
	text := b.String()
	for _, s := range spans {
		if strings.Contains(text, " "+s.words+" ") {
			y, m, d := now.Date()
			from = time.Date(y, m, d+s.from, 0, 0, 0, 0, now.Location())
			return from, from.AddDate(0, 0, s.days), true
		}
	}
	return from, to, false
}
