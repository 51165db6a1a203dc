//go:build linux

package main

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// sector is what a disk writes whole, or not at all.
const sector = 512

// disk knows, for each file that was written, what of it is durable.
type disk struct {
	folder, shadow string
	random         *rand.Rand

	mu    sync.Mutex
	files map[uint64]*durable // by inode
	dead  bool
}

// durable is a file's durable content, in a file of its own, and what was
// written since.
type durable struct {
	path  string
	named bool // whether the file itself was ever synced
	dirty map[int64]bool
}

func newDisk(folder, shadow string, random *rand.Rand) *disk {
	return &disk{folder: folder, shadow: shadow, random: random, files: map[uint64]*durable{}}
}

// touch notes that bytes of a file are about to change. fresh says that the
// file is new.
func (d *disk) touch(fd int, fresh bool, off, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return syscall.EIO
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return err
	}
	f := d.files[st.Ino]
	if f == nil {
		f = &durable{path: filepath.Join(d.shadow, strconv.FormatUint(st.Ino, 10)), named: !fresh, dirty: map[int64]bool{}}
		if err := copyOut(fd, f.path, 0, st.Size); err != nil {
			return err
		}
		d.files[st.Ino] = f
	}
	for s := off / sector; s*sector < off+n; s++ {
		f.dirty[s] = true
	}
	return nil
}

// sync makes a file durable.
func (d *disk) sync(fd int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return syscall.EIO
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return err
	}
	f := d.files[st.Ino]
	if f == nil {
		return nil // nothing changed
	}
	for s := range f.dirty {
		if err := copyOut(fd, f.path, s*sector, min((s+1)*sector, st.Size)); err != nil {
			return err
		}
	}
	f.named, f.dirty = true, map[int64]bool{}
	return os.Truncate(f.path, st.Size)
}

func (d *disk) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}

// copyOut copies the bytes from..to of a descriptor to the same place of a file.
func copyOut(fd int, path string, from, to int64) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	if to <= from {
		return nil
	}
	in, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd)) // fd itself may be for writing only
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	b := make([]byte, to-from)
	n, err := in.ReadAt(b, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	_, err = out.WriteAt(b[:n], from)
	return err
}

// settle leaves in the folder what a disk has after the cut.
func (d *disk) settle() (lost, kept int, err error) {
	chance := []float64{0, 0.3, 0.7, 1}[d.random.IntN(4)] // of a sector to have arrived
	err = filepath.WalkDir(d.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		f := d.files[info.Sys().(*syscall.Stat_t).Ino]
		if f == nil {
			return nil
		}
		if !f.named && d.random.IntN(2) == 0 {
			lost += len(f.dirty)
			return os.Remove(path)
		}
		l, k, err := d.mix(f, path, chance)
		lost, kept = lost+l, kept+k
		return err
	})
	return lost, kept, err
}

// mix puts a file's durable content and some of its newer sectors together.
func (d *disk) mix(f *durable, path string, chance float64) (lost, kept int, err error) {
	live, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = live.Close() }()
	out, err := os.OpenFile(f.path, os.O_RDWR, 0)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = out.Close() }()
	b := make([]byte, sector)
	for s := range f.dirty {
		n, err := live.ReadAt(b, s*sector)
		if err != nil && !errors.Is(err, io.EOF) {
			return lost, kept, err
		}
		if n == 0 || d.random.Float64() >= chance {
			lost++
			continue
		}
		kept++
		if _, err := out.WriteAt(b[:n], s*sector); err != nil {
			return lost, kept, err
		}
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return lost, kept, err
	}
	whole, err := io.ReadAll(out)
	if err != nil {
		return lost, kept, err
	}
	return lost, kept, os.WriteFile(path, whole, 0o600) // its mode stays
}
