//go:build soak && linux

package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"testing"
)

var _ = collects()

// collects has a host of these tests collect its garbage when it is told to, so that
// what it holds can be told from what is to be collected.
func collects() bool {
	if filepath.Base(os.Args[0]) != "jarvis" {
		return false
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR2)
	go func() {
		for range told {
			debug.FreeOSMemory()
		}
	}()
	return true
}

// live is what the host's heap holds when everything else is collected, in bytes.
func (h *hostProcess) live() int {
	h.t.Helper()
	least := 0
	for range 3 { // what finalizers and pools let go of is collected by the next one
		before := h.metric("go_gc_duration_seconds_count")
		h.signal(syscall.SIGUSR2)
		until(h.t, "the garbage to be collected", func() bool { return h.metric("go_gc_duration_seconds_count") > before })
		if n := int(h.metric("go_memstats_heap_alloc_bytes")); least == 0 || n < least {
			least = n
		}
	}
	return least
}

// slope is by how much the readings grow from one to the next, by least squares.
func slope(readings []int) float64 {
	n := float64(len(readings))
	var sx, sy, sxx, sxy float64
	for i, r := range readings {
		x, y := float64(i), float64(r)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func TestTheSlopeOfALineIsFound(t *testing.T) {
	for want, readings := range map[float64][]int{0: {5, 5, 5}, 3: {1, 4, 7, 10}, -2: {9, 7, 5}, 1: {0, 2, 1, 3}} {
		if want == 1 {
			want = 0.8
		}
		if got := slope(readings); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("slope of %v is %g, want %g", readings, got, want)
		}
	}
}
