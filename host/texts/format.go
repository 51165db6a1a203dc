package texts

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// calendar is how a language writes dates and numbers.
type calendar struct {
	Days   []string `yaml:"days"`
	Months []string `yaml:"months"`
	First  string   `yaml:"first"` // the first day of a month
	Group  string   `yaml:"group"` // between thousands
	Point  string   `yaml:"point"` // before decimals
}

// maxDecimals is how many decimals a number is written with at most.
const maxDecimals = 2

// FormatTime writes a time of day, in t's own zone: "14 h 05" or "2:05 pm".
func FormatTime(lang string, t time.Time) string {
	if For(lang).code != French {
		return t.Format("3:04 pm")
	}
	hour := strconv.Itoa(t.Hour()) + " h"
	if t.Minute() == 0 {
		return hour
	}
	return hour + t.Format(" 04")
}

// FormatDate writes a date, in t's own zone: "mardi 24 novembre 2026" or
// "Tuesday 24 November 2026".
func FormatDate(lang string, t time.Time) string {
	c := For(lang).cal
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = c.First
	}
	return c.Days[t.Weekday()] + " " + day + " " + c.Months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// FormatNumber writes a number with at most two decimals: "1 234,5" (the
// space is a narrow one that does not break) or "1,234.5".
func FormatNumber(lang string, n float64) string { return For(lang).number(n) }

func (l *Language) number(n float64) string {
	scale := math.Pow10(maxDecimals)
	digits, decimals, _ := strings.Cut(strconv.FormatFloat(math.Abs(math.Round(n*scale)/scale), 'f', -1, 64), ".")
	var b strings.Builder
	if n < 0 && (strings.Trim(digits, "0") != "" || decimals != "") {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.cal.Group)
		}
		b.WriteRune(d)
	}
	if decimals != "" {
		b.WriteString(l.cal.Point + decimals)
	}
	return b.String()
}
