package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// pipe is the reading end of a process's output.
type pipe struct {
	file *os.File
	once sync.Once
	eof  chan struct{} // closed when nothing more will be read
}

// newPipe returns the reading end and the file for the process.
func newPipe() (*pipe, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	return &pipe{file: r, eof: make(chan struct{})}, w, nil
}

// Read implements io.Reader. A pipe that was closed here ends like one that
// was closed there.
func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	if err != nil {
		p.once.Do(func() { close(p.eof) })
		if errors.Is(err, os.ErrClosed) {
			err = io.EOF
		}
	}
	return n, err
}

// Close implements io.Closer. It also counts as the end for those who wait for
// one when nobody reads.
func (p *pipe) Close() error {
	p.once.Do(func() { close(p.eof) })
	return p.file.Close()
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
