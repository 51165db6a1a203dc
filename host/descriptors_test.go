package host

import "testing"

// fault-R1: connections get what the host and its plugins can spare.
func TestDescriptorsAreSharedOut(t *testing.T) {
	for _, c := range []struct {
		all            uint64
		plugins        int
		plain, sockets int
	}{
		{1 << 40, 0, mostPlain, mostSockets},
		{1024, 3, 204, 612},
		{64, 0, leastFiles, leastFiles},
	} {
		if plain, sockets := shareDescriptors(c.all, c.plugins); plain != c.plain || sockets != c.sockets {
			t.Errorf("%d descriptors, %d plugins: %d and %d, want %d and %d", c.all, c.plugins, plain, sockets, c.plain, c.sockets)
		}
	}
}
