package weather

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// report words a forecast in one language.
type report struct {
	texts map[string]string
	units Units
	place string
	f     *Forecast
}

func (r report) t(key string, args ...any) string {
	if len(args) == 0 {
		return r.texts[key]
	}
	return fmt.Sprintf(r.texts[key], args...)
}

// sky names a WMO weather code; one that is not known, or missing, is not guessed.
func (r report) sky(code *int) string {
	if code != nil {
		if s, ok := r.texts[fmt.Sprintf("code_%d", *code)]; ok {
			return s
		}
	}
	return r.t("unknown_weather")
}

// say answers for a time; ok is false when the forecast does not reach it.
func (r report) say(w When) (text string, ok bool) {
	switch w {
	case Week:
		return r.days("week", firstDays(len(r.f.Daily.Time))), true
	case Weekend:
		found := weekend(r.f.Daily.Time)
		return r.days("weekend", found), len(found) > 0
	default: // one day
	}
	i, ok := w.day(r.f.Daily.Time)
	if !ok {
		return "", false
	}
	if w == Now || w == Today || w == "" {
		return r.now(), true
	}
	return r.t("day", r.place, r.t(string(w)), r.day(i)), true
}

func (r report) now() string {
	c := r.f.Current
	if c.Temperature == nil {
		return r.t("now_only_day", r.place, r.day(0))
	}
	feels := c.FeelsLike
	if feels == nil {
		feels = c.Temperature
	}
	return r.t("now", r.place, r.sky(c.Code), r.units.temperature(*c.Temperature), r.units.temperature(*feels), r.day(0))
}

// day is one day in a phrase: sky, temperatures, and rain and wind where they matter.
func (r report) day(i int) string {
	d := r.f.Daily
	parts := []string{r.sky(d.Code[i])}
	if d.Min[i] != nil && d.Max[i] != nil {
		parts[0] = r.t("range", parts[0], r.units.temperature(*d.Min[i]), r.units.temperature(*d.Max[i]))
	}
	if p := d.RainRisk[i]; p != nil && *p >= 20 {
		parts = append(parts, r.t("rain_risk", int(math.Round(*p))))
	}
	if w := d.Wind[i]; w != nil && *w >= 30 {
		parts = append(parts, r.t("wind", r.units.speed(*w)))
	}
	return strings.Join(parts, ", ")
}

// firstDays are the indexes of at most a week.
func firstDays(n int) (indexes []int) {
	for i := range min(n, 7) {
		indexes = append(indexes, i)
	}
	return indexes
}

// days is a line for each of some days, under a title.
func (r report) days(title string, indexes []int) string {
	lines := []string{r.t(title, r.place)}
	for _, i := range indexes {
		name := r.t("today")
		if t, err := time.Parse(time.DateOnly, r.f.Daily.Time[i]); err == nil && i > 0 {
			name = r.t(weekdays[t.Weekday()])
		}
		lines = append(lines, "- "+r.t("week_line", capitalized(name), r.day(i)))
	}
	return strings.Join(lines, "\n")
}

// aged adds how old the figures are.
func (r report) aged(text string, age time.Duration) string {
	if age < time.Hour {
		return text + "\n" + r.t("age_minutes", max(1, int(age.Minutes())))
	}
	return text + "\n" + r.t("age_hours", int(age.Hours()))
}

func capitalized(s string) string {
	c, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(c)) + s[n:]
}
