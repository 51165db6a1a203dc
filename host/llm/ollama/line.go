package ollama

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

var errLineTooLong = fmt.Errorf("a line is longer than %d bytes", maxLine)

// lines reads a stream line by line.
type lines struct {
	r     *bufio.Reader
	spill []byte // a line that did not fit the reader's buffer
	begun bool
	// unended says that the stream ended in the last line, not after it.
	unended bool
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, readBuffer)} }

// next returns the next line that is not blank, without its end. It stays valid
// until the next call. A last line that has no end is returned when the stream
// ends cleanly, io.EOF after it; when it does not, the line is lost and its
// error returned.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.raw()
		if !l.begun {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
			l.begun = len(line) > 0
		}
		line = bytes.TrimSpace(line)
		if len(line) > 0 && (err == nil || errors.Is(err, io.EOF)) {
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
func (l *lines) raw() ([]byte, error) {
	l.spill = l.spill[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.spill)+len(part) > maxLine {
			return nil, errLineTooLong
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
