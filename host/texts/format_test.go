package texts

import (
	"testing"
	"time"
)

func TestTimesAreWrittenAsTheLanguageDoes(t *testing.T) {
	for _, c := range []struct{ clock, fr, en string }{
		{"14:05", "14 h 05", "2:05 pm"},
		{"00:05", "0 h 05", "12:05 am"},
		{"09:00", "9 h", "9:00 am"},
		{"12:00", "12 h", "12:00 pm"},
		{"00:00", "0 h", "12:00 am"},
		{"23:59", "23 h 59", "11:59 pm"},
	} {
		at, err := time.Parse("15:04", c.clock)
		if err != nil {
			t.Fatal(err)
		}
		if fr, en := FormatTime(French, at), FormatTime(English, at); fr != c.fr || en != c.en {
			t.Errorf("%s is %q and %q, want %q and %q", c.clock, fr, en, c.fr, c.en)
		}
	}
}

func TestDatesAreWrittenAsTheLanguageDoes(t *testing.T) {
	for _, c := range []struct {
		at     time.Time
		fr, en string
	}{
		{time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), "mardi 24 novembre 2026", "Tuesday 24 November 2026"},
		{time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC), "dimanche 1er février 2026", "Sunday 1 February 2026"},
		{time.Date(2028, 8, 31, 9, 0, 0, 0, time.UTC), "jeudi 31 août 2028", "Thursday 31 August 2028"},
	} {
		if fr, en := FormatDate(French, c.at), FormatDate(English, c.at); fr != c.fr || en != c.en {
			t.Errorf("got %q and %q, want %q and %q", fr, en, c.fr, c.en)
		}
	}
}

func TestADateIsThatOfItsOwnZone(t *testing.T) {
	late := time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC)
	if got := FormatDate(English, late.In(time.FixedZone("", 3600))); got != "Wednesday 25 November 2026" {
		t.Errorf("got %q", got)
	}
}

func TestNumbersAreWrittenAsTheLanguageDoes(t *testing.T) {
	for _, c := range []struct {
		n      float64
		fr, en string
	}{
		{0, "0", "0"},
		{7, "7", "7"},
		{999, "999", "999"},
		{4096, "4\u202f096", "4,096"},
		{1234567.5, "1\u202f234\u202f567,5", "1,234,567.5"},
		{-12.3456, "-12,35", "-12.35"},
		{-0.001, "0", "0"},
		{-1000, "-1\u202f000", "-1,000"},
		{0.1 + 0.2, "0,3", "0.3"},
	} {
		if fr, en := FormatNumber(French, c.n), FormatNumber(English, c.n); fr != c.fr || en != c.en {
			t.Errorf("%v is %q and %q, want %q and %q", c.n, fr, en, c.fr, c.en)
		}
	}
}
