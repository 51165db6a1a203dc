// Package cron reads calendar times as cron writes them, with the last and the
// nth day of the week of a month, and finds the next one in a time zone. A host
// and the test kit share it, so that both fire at the same moments.
package cron

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Times is a set of calendar times. The zero value has none.
type Times struct {
	minute, hour, month uint64 // bits
	day, weekday        uint64
	lastDay             bool     // the last of the month
	nth                 [7]uint8 // bits 1 to 5: the nth of that weekday; bit 0: the last
	anyDay, anyWeekday  bool     // the field was *
}

var (
	months   = strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")
	weekdays = strings.Fields("sun mon tue wed thu fri sat")
	short    = map[string]string{
		"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
		"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
	}
)

// Parse reads "minute hour day-of-month month day-of-week". Each field is *, a
// number, a range a-b, any of them with a step /n, or a list of those. Months
// and days of the week have English names too; Sunday is 0 and 7. L as the day
// of the month is its last; friL is the last and fri#2 the second Friday of a
// month. @hourly, @daily, @weekly, @monthly and @yearly stand for what they
// say. With both day fields given, either is enough.
func Parse(text string) (Times, error) {
	if long, ok := short[strings.ToLower(strings.TrimSpace(text))]; ok {
		text = long
	}
	fields := strings.Fields(strings.ToLower(text))
	if len(fields) != 5 {
		return Times{}, fmt.Errorf("cron %q: got %d fields, expected minute, hour, day of month, month and day of week", text, len(fields))
	}
	var t Times
	t.anyDay, t.anyWeekday = fields[2] == "*", fields[4] == "*"
	for i, read := range []func(string) error{
		func(f string) (err error) { t.minute, err = bits(f, 0, 59, nil); return err },
		func(f string) (err error) { t.hour, err = bits(f, 0, 23, nil); return err },
		t.readDay,
		func(f string) (err error) { t.month, err = bits(f, 1, 12, months); return err },
		t.readWeekday,
	} {
		if err := read(fields[i]); err != nil {
			return Times{}, fmt.Errorf("cron %q: %s: %w", text, names[i], err)
		}
	}
	if t.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Times{}, fmt.Errorf("cron %q: there is no such day", text)
	}
	return t, nil
}

var names = []string{"minute", "hour", "day of month", "month", "day of week"}

func (t *Times) readDay(field string) error {
	var plain []string
	for part := range strings.SplitSeq(field, ",") {
		if part == "l" {
			t.lastDay = true
			continue
		}
		plain = append(plain, part)
	}
	if len(plain) == 0 {
		return nil
	}
	var err error
	t.day, err = bits(strings.Join(plain, ","), 1, 31, nil)
	return err
}

func (t *Times) readWeekday(field string) error {
	var plain []string
	for part := range strings.SplitSeq(field, ",") {
		day, which, nth := strings.Cut(part, "#")
		last := !nth && len(part) > 1 && strings.HasSuffix(part, "l")
		if !nth && !last {
			plain = append(plain, part)
			continue
		}
		n := 0
		if last {
			day = strings.TrimSuffix(part, "l")
		} else if n = atoi(which); n < 1 || n > 5 {
			return fmt.Errorf("%q: expected the 1st to the 5th, as in fri#2", part)
		}
		d, err := value(day, 0, 7, weekdays, 0)
		if err != nil {
			return err
		}
		t.nth[d%7] |= 1 << n
	}
	if len(plain) == 0 {
		return nil
	}
	b, err := bits(strings.Join(plain, ","), 0, 7, weekdays)
	t.weekday = b&0x7f | b>>7&1 // 7 is Sunday too
	return err
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// bits reads a list of numbers, ranges and steps.
func bits(field string, low, high int, words []string) (uint64, error) {
	var all uint64
	for part := range strings.SplitSeq(field, ",") {
		span, by, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			if step = atoi(by); step < 1 || step > high {
				return 0, fmt.Errorf("step %q: expected 1 to %d", by, high)
			}
		}
		from, to := low, high
		if span != "*" {
			a, b, ranged := strings.Cut(span, "-")
			var err error
			if from, err = value(a, low, high, words, low); err != nil {
				return 0, err
			}
			switch {
			case ranged:
				if to, err = value(b, low, high, words, low); err != nil {
					return 0, err
				}
			case !stepped:
				to = from
			}
		}
		if from > to {
			return 0, fmt.Errorf("%q: expected the smaller number first", span)
		}
		for n := from; n <= to; n += step {
			all |= 1 << n
		}
	}
	return all, nil
}

// value reads one number or name; the first name stands for base.
func value(text string, low, high int, words []string, base int) (int, error) {
	for i, w := range words {
		if text == w {
			return i + base, nil
		}
	}
	n := atoi(text)
	if n < low || n > high || text == "" {
		return 0, fmt.Errorf("%q: expected %d to %d", text, low, high)
	}
	return n, nil
}

// horizon is how far Next looks: a 29 February that is a certain day of the
// week comes every 28 years, or 40 around a century.
const horizon = 41 * 366

// Next returns the first time after a moment, in that moment's zone, or the
// zero time when there is none. A local time that a change of clocks leaves out
// counts as that much later; one that comes twice, the first time only.
func (t Times) Next(after time.Time) time.Time {
	zone := after.Location()
	year, month, day := after.Date()
	for range horizon {
		d := time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
		if t.hasDay(d) {
			if at, ok := t.within(d, zone, after); ok {
				return at
			}
		}
		day++
		year, month, day = time.Date(year, month, day, 12, 0, 0, 0, time.UTC).Date()
	}
	return time.Time{}
}

// within finds the first time of a day after a moment.
func (t Times) within(d time.Time, zone *time.Location, after time.Time) (time.Time, bool) {
	var best time.Time
	for hour := range 24 {
		if t.hour&(1<<hour) == 0 {
			continue
		}
		for minute := range 60 {
			if t.minute&(1<<minute) == 0 {
				continue
			}
			// What a change of clocks leaves out comes out later than what
			// follows it, so the whole day is looked at.
			at := local(d.Year(), d.Month(), d.Day(), hour, minute, zone)
			if at.After(after) && (best.IsZero() || at.Before(best)) {
				best = at
			}
		}
	}
	return best, !best.IsZero()
}

// local is the moment of a local time: the first of two, and for one that is
// left out, as much later as the clocks jump.
func local(year int, month time.Month, day, hour, minute int, zone *time.Location) time.Time {
	at := time.Date(year, month, day, hour, minute, 0, 0, zone)
	utc := time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
	// The offset that held half a day earlier decides both cases.
	_, offset := at.Add(-12 * time.Hour).Zone()
	before := utc.Add(-time.Duration(offset) * time.Second).In(zone)
	if same(before, utc) {
		return before
	}
	if same(at, utc) {
		return at
	}
	return before // left out: the old offset puts it after the jump
}

func same(a, b time.Time) bool {
	return a.Day() == b.Day() && a.Hour() == b.Hour() && a.Minute() == b.Minute()
}

func (t Times) hasDay(d time.Time) bool {
	if t.month&(1<<int(d.Month())) == 0 {
		return false
	}
	last := d.AddDate(0, 0, 1).Month() != d.Month()
	byDay := t.day&(1<<d.Day()) != 0 || t.lastDay && last
	w := int(d.Weekday())
	nth := t.nth[w]
	byWeekday := t.weekday&(1<<w) != 0 || nth&(1<<((d.Day()-1)/7+1)) != 0 ||
		nth&1 != 0 && d.AddDate(0, 0, 7).Month() != d.Month()
	switch {
	case t.anyDay:
		return byWeekday
	case t.anyWeekday:
		return byDay
	}
	return byDay || byWeekday
}
