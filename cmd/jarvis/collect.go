package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// collectAt is how many percent the heap may grow between collections. The
// host's heap is small, some ten megabytes: at Go's own 100 the collector runs
// dozens of times a second under load, and each time words wait for it. See
// docs/performance.md for what was measured.
const collectAt = 200

// tuneCollector leaves it to an operator who says otherwise with GOGC or
// GOMEMLIMIT. Where a control group bounds the memory of the host and its plugins
// together, the host collects rather than pass two thirds of it.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if room := memoryRoom("/"); room < math.MaxInt64 {
			debug.SetMemoryLimit(room / 3 * 2)
		}
	}
}

// memoryRoom is how many bytes this process's control group may take, on a system
// below root, or math.MaxInt64.
func memoryRoom(root string) int64 {
	room := int64(math.MaxInt64)
	raw, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return room // there are none
	}
	for line := range strings.Lines(string(raw)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number, controllers, path
		if len(parts) < 3 {
			continue
		}
		top, file := "sys/fs/cgroup", "memory.max"
		if parts[1] == "memory" { // the first version, with a tree for each controller
			top, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if parts[1] != "" {
			continue
		}
		// Those above bound it too. In a container the path may be the host's, which
		// is not there: then the top is the container's own.
		for dir := filepath.Join("/", parts[2]); ; dir = filepath.Dir(dir) {
			if limit, err := os.ReadFile(filepath.Join(root, top, dir, file)); err == nil {
				if n, err := strconv.ParseInt(strings.TrimSpace(string(limit)), 10, 64); err == nil && n > 0 {
					room = min(room, n)
				}
			}
			if dir == "/" {
				break
			}
		}
	}
	return room
}
