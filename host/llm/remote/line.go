package remote

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// readBuffer is what one stream costs in memory; the common line is 130
	// bytes long.
	readBuffer = 4 << 10
	// maxLine bounds one line.
	maxLine = 1 << 20
)

// ErrLineTooLong is a line that is longer than a sane peer writes.
var ErrLineTooLong = fmt.Errorf("a line is longer than %d bytes", maxLine)

// Lines reads a stream line by line, with little memory. A byte order mark,
// carriage returns and space around a line are dropped.
type Lines struct {
	r       *bufio.Reader
	spill   []byte // a line that did not fit the reader's buffer
	begun   bool
	unended bool
	blank   bool // whether blank lines are told
}

// NewLines returns the lines of a stream.
func NewLines(r io.Reader) *Lines { return &Lines{r: bufio.NewReaderSize(r, readBuffer)} }

// NewFields returns the lines of a stream of server-sent events, in which blank
// lines have a meaning: Next returns them too.
func NewFields(r io.Reader) *Lines {
	l := NewLines(r)
	l.blank = true
	return l
}

// Unended reports whether the stream ended in the last line, not after it.
func (l *Lines) Unended() bool { return l.unended }

// Waiting reports whether another line is here already, whole.
func (l *Lines) Waiting() bool {
	here, _ := l.r.Peek(l.r.Buffered()) // never more than there is
	return bytes.IndexByte(here, '\n') >= 0
}

// Next returns the next line that is not blank, without its end. It stays valid
// until the next call. A last line that has no end is returned when the stream
// ends cleanly, io.EOF after it; when it does not, the line is lost and its
// error returned. A line that is too long is [ErrLineTooLong].
func (l *Lines) Next() ([]byte, error) {
	for {
		line, err := l.raw()
		if !l.begun {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
			l.begun = len(line) > 0
		}
		line = bytes.TrimSpace(line)
		if l.blank && err == nil || len(line) > 0 && (err == nil || errors.Is(err, io.EOF)) {
			l.unended = err != nil
			return line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// raw returns everything up to and with the next line feed. Its error is io.EOF
// only for a clean end.
func (l *Lines) raw() ([]byte, error) {
	l.spill = l.spill[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.spill)+len(part) > maxLine {
			return nil, ErrLineTooLong
		}
		full := errors.Is(err, bufio.ErrBufferFull)
		if !full && len(l.spill) == 0 {
			return part, err
		}
		l.spill = append(l.spill, part...)
		if !full {
			return l.spill, err
		}
	}
}
