package config

import (
	"context"
	"os"
	"slices"
	"syscall"
	"time"
)

// watchEvery is how often a watched file is looked at. Looking costs a few
// microseconds and, unlike a notification of the kernel, also works for files
// on network drives and for links that Kubernetes swaps.
const watchEvery = time.Second

// Watcher knows how a configuration's files were when it was made.
type Watcher struct {
	o     Options
	files []string
	known marks
}

// NewWatcher looks at the files of a configuration. It is made before they are read:
// then no change is missed that comes while they are.
func NewWatcher(o Options) *Watcher {
	w := &Watcher{o: o, files: filesOf(o)}
	w.known = w.look()
	return w
}

func (w *Watcher) look() marks {
	now := marks{}
	for _, f := range w.files {
		now[f] = see(os.Stat(f))
	}
	return now
}

// Watch calls changed whenever one of the files is another one than before, until
// ctx ends: it was written, replaced, made or removed. Files of secrets are among
// them, so that keys can rotate. A file that is still being written is waited for.
func (w *Watcher) Watch(ctx context.Context, changed func()) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	watch(ctx, tick.C, w.known, w.look, func() {
		w.files = filesOf(w.o) // another file may be named now
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
func watch(ctx context.Context, tick <-chan time.Time, known marks, look func() marks, changed func()) {
	var seen marks
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
	inode uint64 // of two files that were written at once, or copied with their times
}

func see(info os.FileInfo, err error) mark {
	if err != nil {
		return mark{there: false, size: -1}
	}
	m := mark{there: true, size: info.Size(), at: info.ModTime()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		m.inode = st.Ino
	}
	return m
}
