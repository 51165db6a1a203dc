//go:build linux

// Command powercut is a file system that forgets in a power cut what was not
// synced. It shows a folder at a mount point until its standard input ends;
// then it leaves in the folder what a disk would have: of each write that no
// fsync followed, each sector arrived or did not, at random.
//
//	powercut -seed 7 FOLDER MOUNTPOINT
//
// It needs Linux, /dev/fuse and the right to mount. What it does not show:
// disks that lie about fsync, and names that a folder's missing sync loses,
// apart from those of files that were never synced themselves.
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

func main() {
	seed := flag.Uint64("seed", 1, "what chance begins with")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: powercut [-seed N] FOLDER MOUNTPOINT")
		os.Exit(2) //nolint:forbidigo // this is main
	}
	if err := run(flag.Arg(0), flag.Arg(1), *seed); err != nil {
		fmt.Fprintln(os.Stderr, "powercut:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

func run(folder, mount string, seed uint64) error {
	shadow, err := os.MkdirTemp("", "powercut-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(shadow) }()
	d := newDisk(folder, shadow, rand.New(rand.NewPCG(seed, 1)))
	_, err = fs.Mount(mount, d.root(), &fs.Options{MountOptions: fuse.MountOptions{
		DirectMount: true, Name: "powercut", FsName: folder,
	}})
	if err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	fmt.Fprintln(os.Stdout, "mounted")
	_, _ = io.Copy(io.Discard, os.Stdin)
	d.cut() // what is written from now on does not count
	if err := syscall.Unmount(mount, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount: %w", err)
	}
	// Whoever still holds a file open here gets errors, and keeps nobody waiting.
	lost, kept, err := d.settle()
	fmt.Fprintf(os.Stdout, "%d sectors lost, %d kept\n", lost, kept)
	return err
}
