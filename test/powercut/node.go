//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// node is a file or a folder, as it is in the folder below.
type node struct {
	fs.LoopbackNode
	d *disk
}

// root is the folder itself.
func (d *disk) root() fs.InodeEmbedder {
	r := &fs.LoopbackRoot{Path: d.folder}
	n := &node{LoopbackNode: fs.LoopbackNode{RootData: r}, d: d}
	r.RootNode = n
	return n
}

// WrapChild implements fs.NodeWrapChilder: what is below is of this kind too.
func (n *node) WrapChild(_ context.Context, below fs.InodeEmbedder) fs.InodeEmbedder {
	return &node{LoopbackNode: fs.LoopbackNode{RootData: below.(*fs.LoopbackNode).RootData}, d: n.d}
}

// Create implements fs.NodeCreater.
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	inode, fh, _, errno := n.LoopbackNode.Create(ctx, name, flags, mode, out)
	if errno != 0 {
		return inode, fh, 0, errno
	}
	f := n.wrap(fh)
	if err := n.d.touch(f.fd, true, 0, 0); err != nil {
		return nil, nil, 0, fs.ToErrno(err)
	}
	return inode, f, 0, 0
}

// Open implements fs.NodeOpener.
func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	fh, _, errno := n.LoopbackNode.Open(ctx, flags)
	if errno != 0 {
		return fh, 0, errno
	}
	return n.wrap(fh), 0, 0
}

// Setattr implements fs.NodeSetattrer.
func (n *node) Setattr(ctx context.Context, fh fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		f, err := os.OpenFile(filepath.Join(n.d.folder, n.Path(n.Root())), os.O_RDWR, 0)
		if err != nil {
			return fs.ToErrno(err)
		}
		info, err := f.Stat()
		if err == nil {
			from := min(info.Size(), int64(size))
			err = n.d.touch(int(f.Fd()), false, from, max(info.Size(), int64(size))-from)
		}
		_ = f.Close()
		if err != nil {
			return fs.ToErrno(err)
		}
	}
	if f, ok := fh.(*file); ok {
		fh = f.LoopbackFile
	}
	return n.LoopbackNode.Setattr(ctx, fh, in, out)
}

// Getattr implements fs.NodeGetattrer.
func (n *node) Getattr(ctx context.Context, fh fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	if f, ok := fh.(*file); ok {
		fh = f.LoopbackFile
	}
	return n.LoopbackNode.Getattr(ctx, fh, out)
}

// file is an open file.
type file struct {
	*fs.LoopbackFile
	fd int
	d  *disk
}

func (n *node) wrap(fh fs.FileHandle) *file {
	below := fh.(*fs.LoopbackFile)
	fd, _ := below.PassthroughFd()
	return &file{LoopbackFile: below, fd: fd, d: n.d}
}

// PassthroughFd keeps the kernel from writing past this program.
func (*file) PassthroughFd() (int, bool) { return 0, false }

// Write implements fs.FileWriter.
func (f *file) Write(ctx context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	if err := f.d.touch(f.fd, false, off, int64(len(data))); err != nil {
		return 0, fs.ToErrno(err)
	}
	return f.LoopbackFile.Write(ctx, data, off)
}

// Fsync implements fs.FileFsyncer.
func (f *file) Fsync(_ context.Context, _ uint32) syscall.Errno { return fs.ToErrno(f.d.sync(f.fd)) }

// Allocate is left out: what it does would go unseen.
func (*file) Allocate(context.Context, uint64, uint64, uint32) syscall.Errno { return syscall.ENOTSUP }
