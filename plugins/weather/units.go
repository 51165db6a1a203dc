package weather

import (
	"math"
	"strconv"
)

// Units is the system in which figures are told.
type Units string

// The systems of units.
const (
	Metric   Units = "metric"
	Imperial Units = "imperial"
)

// temperature writes a temperature, rounded: "21 °C" or "70 °F".
func (u Units) temperature(v float64) string {
	n := math.Round(v)
	if n == 0 {
		n = 0 // never "-0"
	}
	return strconv.FormatFloat(n, 'f', 0, 64) + " " + u.degree()
}

func (u Units) degree() string {
	if u == Imperial {
		return "°F"
	}
	return "°C"
}

// speed writes a wind speed: "12 km/h" or "8 mph".
func (u Units) speed(v float64) string {
	unit := "km/h"
	if u == Imperial {
		unit = "mph"
	}
	return strconv.FormatFloat(math.Round(v), 'f', 0, 64) + " " + unit
}
