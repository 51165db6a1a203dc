package launch_test

import (
	"os"
	"runtime"
	"testing"
)

// resources counts goroutines and open descriptors.
func resources(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return runtime.NumGoroutine() + len(fds)
}
