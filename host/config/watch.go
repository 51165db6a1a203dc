package config

import (
	"context"
	"os"
	"slices"
	"time"
)

// watchEvery is how often a watched file is looked at. Looking costs a few
// microseconds and, unlike a notification of the kernel, also works for files
// on network drives and for links that Kubernetes swaps.
const watchEvery = time.Second

// Watch calls changed whenever one of the configuration's files is another one
// than before, until ctx ends: it was written, replaced, made or removed. Files
// of secrets are among them, so that keys can rotate. A file that is still being
// written is waited for.
func Watch(ctx context.Context, o Options, changed func()) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	files := filesOf(o)
	look := func() marks {
		now := marks{}
		for _, f := range files {
			now[f] = see(os.Stat(f))
		}
		return now
	}
	watch(ctx, tick.C, look, func() {
		files = filesOf(o) // another file may be named now
		changed()
	})
}

// filesOf lists the files that a configuration is read from.
func filesOf(o Options) []string {
	l := newLoader(o)
	l.load()
	name := o.File
	if name == "" {
		name = defaultFile
	}
	files := append([]string{l.path(name)}, l.watched...)
	slices.Sort(files)
	return slices.Compact(files)
}

// watch is Watch on a clock and a disk of the caller's.
func watch(ctx context.Context, tick <-chan time.Time, look func() marks, changed func()) {
	known, seen := look(), marks(nil)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		switch now := look(); {
		case now.same(known):
			known, seen = now, nil
		case seen != nil && now.same(seen): // it stands still
			known, seen = now, nil
			changed()
		default:
			seen = now
		}
	}
}

// marks are the states of files by their names.
type marks map[string]mark

// same reports whether the files that were looked at before, too, are as they
// were.
func (m marks) same(before marks) bool {
	for name, now := range m {
		if was, ok := before[name]; ok && was != now {
			return false
		}
	}
	return true
}

// mark tells one state of a file from another.
type mark struct {
	there bool
	size  int64
	at    time.Time
}

func see(info os.FileInfo, err error) mark {
	if err != nil {
		return mark{there: false, size: -1}
	}
	return mark{true, info.Size(), info.ModTime()}
}
