package cron_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/sdk/cron"
)

func in(t *testing.T, zone, text string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, z)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTheNextTimesAreThoseOfTheCalendar(t *testing.T) {
	for _, tt := range []struct{ text, after, want string }{
		{"30 7 * * *", "2026-03-02 07:29", "2026-03-02 07:30 2026-03-03 07:30"},
		{"30 7 * * mon-fri", "2026-03-06 08:00", "2026-03-09 07:30 2026-03-10 07:30"},
		{"*/20 8-9 1 * *", "2026-03-01 08:20", "2026-03-01 08:40 2026-03-01 09:00 2026-03-01 09:20 2026-03-01 09:40 2026-04-01 08:00"},
		{"0 18 * * friL", "2026-01-15 00:00", "2026-01-30 18:00 2026-02-27 18:00"},
		{"0 18 * * 5#2", "2026-01-15 00:00", "2026-02-13 18:00 2026-03-13 18:00"},
		{"0 18 * * sun#5", "2026-01-15 00:00", "2026-03-29 18:00 2026-05-31 18:00"},
		{"0 9 L * *", "2028-01-31 10:00", "2028-02-29 09:00 2028-03-31 09:00"},
		{"0 9 13 * fri", "2026-02-07 00:00", "2026-02-13 09:00 2026-02-20 09:00"},
		{"0 9 29 feb *", "2026-01-01 00:00", "2028-02-29 09:00 2032-02-29 09:00"},
		{"0 0 * * 7", "2026-03-07 12:00", "2026-03-08 00:00 2026-03-15 00:00"},
		{"@weekly", "2026-03-07 12:00", "2026-03-08 00:00"},
		{"5 4 1,15 jan,jul *", "2026-01-15 04:05", "2026-07-01 04:05 2026-07-15 04:05"},
	} {
		times, err := cron.Parse(tt.text)
		if err != nil {
			t.Error(err)
			continue
		}
		at := in(t, "Europe/Paris", tt.after)
		var got []string
		for range len(strings.Fields(tt.want)) / 2 {
			at = times.Next(at)
			got = append(got, at.Format("2006-01-02 15:04"))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s after %s: got %s, want %s", tt.text, tt.after, s, tt.want)
		}
	}
}

// In Paris the clocks go from 2:00 to 3:00 on 29 March 2026, and from 3:00 back
// to 2:00 on 25 October.
func TestAChangeOfClocksLosesNothingAndRepeatsNothing(t *testing.T) {
	for _, tt := range []struct{ zone, text, after, want string }{
		{"Europe/Paris", "30 2 * * *", "2026-03-28 12:00", "2026-03-29T03:30+02:00 2026-03-30T02:30+02:00"},
		{"Europe/Paris", "30 2 * * *", "2026-10-24 12:00", "2026-10-25T02:30+02:00 2026-10-26T02:30+01:00"},
		{"Europe/Paris", "0 3 * * *", "2026-10-24 12:00", "2026-10-25T03:00+01:00 2026-10-26T03:00+01:00"},
		{"Europe/Paris", "0 * * * *", "2026-03-29 01:30", "2026-03-29T03:00+02:00 2026-03-29T04:00+02:00"},
		{"America/New_York", "30 1 * * *", "2026-10-31 12:00", "2026-11-01T01:30-04:00 2026-11-02T01:30-05:00"},
		// Midnight itself is left out in Beirut.
		{"Asia/Beirut", "0 0 * * *", "2026-03-28 12:00", "2026-03-29T01:00+03:00 2026-03-30T00:00+03:00"},
		{"Australia/Lord_Howe", "15 2 * * *", "2026-10-03 12:00", "2026-10-04T02:45+11:00 2026-10-05T02:15+11:00"},
	} {
		times, err := cron.Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		at := in(t, tt.zone, tt.after)
		var got []string
		for range len(strings.Fields(tt.want)) {
			at = times.Next(at)
			got = append(got, at.Format("2006-01-02T15:04Z07:00"))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s %s: got %s, want %s", tt.zone, tt.text, s, tt.want)
		}
	}
}

func TestWhatIsNoCalendarTimeIsExplained(t *testing.T) {
	for text, want := range map[string]string{
		"":                "got 0 fields",
		"* * * *":         "got 4 fields",
		"60 * * * *":      `minute: "60": expected 0 to 59`,
		"* 24 * * *":      `hour: "24": expected 0 to 23`,
		"* * 0 * *":       `day of month: "0": expected 1 to 31`,
		"* * * foo *":     `month: "foo": expected 1 to 12`,
		"* * * * fri#6":   "expected the 1st to the 5th",
		"* * * * 5-1":     "expected the smaller number first",
		"*/0 * * * *":     `step "0"`,
		"0 0 30 feb *":    "there is no such day",
		"-1 * * * *":      `minute: ""`,
		"1,,2 * * * *":    `minute: ""`,
		"0 0 * * fridayL": "day of week",
	} {
		if _, err := cron.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("*/5 1-3 L jan fri#2,monL")
	f.Fuzz(func(t *testing.T, text string) {
		times, err := cron.Parse(text)
		if err != nil {
			return
		}
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		if next := times.Next(at); !next.After(at) {
			t.Errorf("%q: the time after %v is %v", text, at, next)
		}
	})
}
