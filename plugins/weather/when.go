package weather

import (
	"slices"
	"time"
)

// When is the time that a question is about: now, today, tomorrow,
// day_after_tomorrow, weekend, week, or a day's name.
type When string

// The times that are no day's name.
const (
	Now              When = "now"
	Today            When = "today"
	Tomorrow         When = "tomorrow"
	DayAfterTomorrow When = "day_after_tomorrow"
	Weekend          When = "weekend"
	Week             When = "week"
)

// day returns the index of the asked day among the forecast's days, which
// begin with today. A named day is the next one of that name, today included.
func (w When) day(days []string) (index int, ok bool) {
	switch w {
	case Now, Today, "":
		return 0, len(days) > 0
	case Tomorrow:
		return 1, len(days) > 1
	case DayAfterTomorrow:
		return 2, len(days) > 2
	default: // a weekday; the weekend and the week are no single day
	}
	index = slices.IndexFunc(days, func(day string) bool {
		t, err := time.Parse(time.DateOnly, day)
		return err == nil && When(weekdays[t.Weekday()]) == w
	})
	return index, index >= 0
}

// weekend returns the indexes of the days of the next weekend, what is left of
// it where that is now.
func weekend(days []string) (indexes []int) {
	for i, day := range days {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			continue
		}
		switch t.Weekday() {
		case time.Saturday:
			indexes = append(indexes, i)
		case time.Sunday:
			return append(indexes, i)
		default: // a working day
		}
	}
	return indexes
}

// weekdays are the days' names as the tool's argument has them.
var weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
