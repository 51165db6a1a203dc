package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// goal is a row of the table: what is wanted, and what was reached.
type goal struct {
	id, what, unit string
	floor, figure  float64 // floor is 0 where there is none
	ratio          float64 // what must and better are held against
	must, better   float64 // 0 is none
	more           bool    // more is better
	note           string
}

// against makes a row of measurements that took turns: the figures are medians,
// the ratio is the median of the ratios.
func against(g goal, floors, figures []float64) goal {
	var ratios []float64
	for i := range min(len(floors), len(figures)) {
		if floors[i] > 0 {
			ratios = append(ratios, figures[i]/floors[i])
		}
	}
	g.floor, g.figure, g.ratio = median(floors), median(figures), median(ratios)
	return g
}

func (g goal) verdict() string {
	met := func(bound float64) bool {
		return bound > 0 && (g.more && g.ratio >= bound || !g.more && g.ratio <= bound)
	}
	switch {
	case g.must == 0 && g.better == 0:
		return "-"
	case met(g.better):
		return "better"
	case met(g.must):
		return "must"
	default:
		return "MISSED"
	}
}

func number(v float64) string {
	switch {
	case v == 0:
		return "-"
	case math.Abs(v) >= 1000:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

const rowFormat = "%-4s %-52s %10s %10s %-9s %7s %7s %7s  %-6s %s\n"

func head(w io.Writer) {
	fmt.Fprintf(w, rowFormat, "goal", "what", "floor", "host", "unit", "ratio", "must", "better", "", "")
	fmt.Fprintln(w, strings.Repeat("-", 130))
}

func (g goal) print(w io.Writer) {
	fmt.Fprintf(w, rowFormat, g.id, g.what, number(g.floor), number(g.figure), g.unit, number(g.ratio), number(g.must), number(g.better), g.verdict(), g.note)
}
