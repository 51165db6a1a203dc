package talk

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

//go:embed when.yaml
var whenData []byte

// sayings are words for a time.
type sayings struct {
	Days []struct {
		Words []string `yaml:"words"`
		Days  int      `yaml:"days"`
		Hours []int    `yaml:"hours"`
	} `yaml:"days"`
	Parts []struct {
		Words []string `yaml:"words"`
		Hours []int    `yaml:"hours"`
	} `yaml:"parts"`
	Weekdays [][]string `yaml:"weekdays"` // from Sunday
	Noon     []string   `yaml:"noon"`
	Midnight []string   `yaml:"midnight"`
	Ago      []string   `yaml:"ago"`
	Week     []string   `yaml:"week"`
	Hour     []string   `yaml:"hour"`

	ago, hour []*regexp.Regexp
}

var whenWords = sync.OnceValue(func() *sayings {
	s := &sayings{}
	if err := yaml.Unmarshal(whenData, s); err != nil {
		panic(fmt.Sprintf("read when.yaml: %v", err)) // embedded: the build would be broken
	}
	for _, p := range s.Ago {
		s.ago = append(s.ago, regexp.MustCompile(p))
	}
	for _, p := range s.Hour {
		s.hour = append(s.hour, regexp.MustCompile(p))
	}
	return s
})

// when reads a time in the past, such as "hier à 22 h": from, until before. ok
// is false where the words tell none. now is in the zone of who speaks.
func when(text string, now time.Time) (from, to time.Time, ok bool) {
	w, said := whenWords(), " "+analysis.Fold(strings.ToLower(text))+" "
	if holdsOne(said, w.Week) {
		monday := midnight(now, -int((now.Weekday()+6)%7)-7)
		return monday, monday.AddDate(0, 0, 7), true
	}
	day, hours, ok := w.day(said, text, now)
	from, to = day, day.AddDate(0, 0, 1)
	if len(hours) == 2 {
		from, to = at(day, hours[0], 0), at(day, hours[1], 0)
	}
	if h, m, exact, told := w.clock(said); told {
		from = at(day, h, m)
		if exact { // people seldom know the minute
			return from.Add(-5 * time.Minute), from.Add(6 * time.Minute), true
		}
		return from, from.Add(time.Hour), true
	}
	return from, to, ok
}

// day is the day that is meant, at its midnight, and the part of it.
func (w *sayings) day(said, text string, now time.Time) (day time.Time, hours []int, ok bool) {
	day = midnight(now, 0)
	for _, p := range w.Parts {
		if holdsOne(said, p.Words) {
			hours, ok = p.Hours, true
		}
	}
	for _, d := range w.Days {
		if holdsOne(said, d.Words) {
			if d.Hours != nil {
				hours = d.Hours
			}
			return midnight(now, -d.Days), hours, true
		}
	}
	for _, re := range w.ago {
		if m := re.FindStringSubmatch(said); m != nil {
			n, _ := strconv.Atoi(m[1]) // digits
			return midnight(now, -min(n, 36500)), hours, true
		}
	}
	for i, names := range w.Weekdays {
		if holdsOne(said, names) {
			back := (int(now.Weekday()) - i + 7) % 7
			if back == 0 {
				back = 7
			}
			return midnight(now, -back), hours, true
		}
	}
	if d := analysis.Look(text, "").Date(); d.Month != 0 && d.Day != 0 {
		year := d.Year
		if year == 0 {
			year = now.Year()
		}
		day = time.Date(year, d.Month, d.Day, 0, 0, 0, 0, now.Location())
		if d.Year == 0 && day.After(now) {
			day = day.AddDate(-1, 0, 0)
		}
		return day, hours, true
	}
	return day, hours, ok
}

// clock is the time of day that is meant; exact is set where minutes are told.
func (w *sayings) clock(said string) (hour, minute int, exact, ok bool) {
	switch {
	case holdsOne(said, w.Midnight):
		return 0, 0, false, true
	case holdsOne(said, w.Noon) && !strings.Contains(said, "apres"):
		return 12, 0, false, true
	}
	for _, re := range w.hour {
		m := re.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		hour, _ = strconv.Atoi(m[1]) // digits
		minute, _ = strconv.Atoi(m[2])
		if len(m) > 3 && m[3] == "pm" && hour < 12 {
			hour += 12
		}
		if hour < 24 && minute < 60 {
			return hour, minute, m[2] != "" && minute != 0, true
		}
	}
	return 0, 0, false, false
}

func holdsOne(said string, words []string) bool {
	for _, w := range words {
		if i := strings.Index(said, w); i > 0 && !letter(said[i-1]) && !letter(said[i+len(w)]) {
			return true
		}
	}
	return false
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

func midnight(t time.Time, days int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, 0, 0, t.Location())
}

func at(day time.Time, hour, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, day.Location())
}
