package config

import (
	"context"
	"os"
	"time"
)

// watchEvery is how often a watched file is looked at. Looking costs a few
// microseconds and, unlike a notification of the kernel, also works for files
// on network drives and for links that Kubernetes swaps.
const watchEvery = time.Second

// Watch calls changed whenever the configuration's file is another one than
// before, until ctx ends: it was written, replaced, made or removed. A file that
// is still being written is waited for.
func Watch(ctx context.Context, o Options, changed func()) {
	l := loader{o: o}
	name := l.o.File
	if name == "" {
		name = defaultFile
	}
	name = l.path(name)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	watch(ctx, tick.C, func() (os.FileInfo, error) { return os.Stat(name) }, changed)
}

// watch is Watch on a clock and a disk of the caller's.
func watch(ctx context.Context, tick <-chan time.Time, look func() (os.FileInfo, error), changed func()) {
	known, seen := see(look), mark{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		switch now := see(look); now {
		case known:
			seen = mark{}
		case seen: // it stands still
			known, seen = now, mark{}
			changed()
		default:
			seen = now
		}
	}
}

// mark tells one state of a file from another.
type mark struct {
	there bool
	size  int64
	at    time.Time
}

func see(look func() (os.FileInfo, error)) mark {
	info, err := look()
	if err != nil {
		return mark{there: false, size: -1}
	}
	return mark{true, info.Size(), info.ModTime()}
}
