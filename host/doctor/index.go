package doctor

import (
	"context"
	"net/url"
)

// Index is the server that finds memories.
type Index struct {
	URL    string
	HasKey bool
	// Probe returns the server's version. KeyRefused and Foreign say what its error
	// is about.
	Probe               func(context.Context) (version string, err error)
	KeyRefused, Foreign func(error) bool
	// Old says whether a version is older than Oldest.
	Old        func(version string) bool
	Oldest     string
	Collection string
}

// MemoryIndex checks the server that finds memories. Memory works without it, so
// that nothing here is worse than a warning but what has to be mended by hand.
func MemoryIndex(x Index) Check {
	return func(ctx context.Context) []Finding {
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		f := Finding{Check: "memory_index", Level: Good, Subject: x.URL}
		version, err := x.Probe(ctx)
		switch {
		case err == nil && x.Old(version):
			f.Level, f.Key, f.Args = Warn, "doctor.index_old", []any{x.URL, version, x.Oldest}
		case err == nil:
			f.Key, f.Args = "doctor.index_good", []any{x.URL, version}
		case x.KeyRefused(err):
			f.Level, f.Key, f.Args = Fail, "doctor.index_key_refused", []any{x.URL}
		case x.Foreign(err):
			f.Level, f.Key, f.Args = Fail, "doctor.index_foreign", []any{x.Collection, x.URL}
		default:
			f.Level, f.Key, f.Args = Warn, "doctor.index_unreachable", []any{x.URL, err.Error()}
		}
		found := []Finding{f}
		if u, err := url.Parse(x.URL); err == nil && x.HasKey && u.Scheme == "http" && !isLoopback(u.Hostname()) {
			found = append(found, Finding{Check: "memory_index_key", Level: Warn, Subject: x.URL, Key: "doctor.index_key_bare", Args: []any{x.URL}})
		}
		return found
	}
}
