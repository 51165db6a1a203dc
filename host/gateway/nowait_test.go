package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// nowaitPair is a connection that never waits, and its peer.
func nowaitPair(t *testing.T) (*nowaitConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), peer.Close() })
	return newNowaitConn(c), peer
}

// numbered are n bytes that tell their place.
func numbered(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// fill writes until the kernel takes no more, and returns what was written.
func fill(t *testing.T, c *nowaitConn) []byte {
	t.Helper()
	all := numbered(64 << 20)
	for at := 0; at < len(all); at += 64 << 10 {
		if n, err := c.Write(all[at : at+64<<10]); n != 64<<10 || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		if c.behind() {
			return all[:at+64<<10]
		}
	}
	t.Fatal("the kernel took all of 64 MiB that nobody reads")
	return nil
}

// E14: who writes to a client that does not read is not held up by it.
func TestAWriteToWhoDoesNotReadReturnsAtOnceAndNothingIsLost(t *testing.T) {
	c, peer := nowaitPair(t)
	sent := fill(t, c)
	read := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(peer)
		read <- b
	}()
	flushed := make(chan error)
	go func() { flushed <- c.flush(time.Now().Add(time.Minute)) }()
	more := numbered(1 << 20)
	for at := 0; at < len(more); at += 1 << 10 { // while flush waits, in between, and behind it
		if _, err := c.Write(more[at : at+1<<10]); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
	if err := c.flush(time.Now().Add(time.Minute)); err != nil || c.behind() {
		t.Fatalf("behind %v, %v", c.behind(), err)
	}
	_ = c.Close()
	if got, want := <-read, append(sent, more...); !bytes.Equal(got, want) {
		t.Errorf("read %d bytes, want the %d that were written, in order", len(got), len(want))
	}
}

func TestAFlushGivesUpAtItsDeadlineAndSoDoesAllThatFollows(t *testing.T) {
	c, _ := nowaitPair(t)
	fill(t, c)
	err := c.flush(time.Now())
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("flush: %v, want a deadline", err)
	}
	if _, again := c.Write([]byte("x")); !errors.Is(again, os.ErrDeadlineExceeded) || c.behind() {
		t.Errorf("write after it: %v, behind %v", again, c.behind())
	}
}

func TestADeadlineThatWasMetHoldsNothingBack(t *testing.T) {
	c, peer := nowaitPair(t)
	sent := fill(t, c)
	go func() { _ = c.flush(time.Now().Add(time.Minute)) }()
	if _, err := io.CopyN(io.Discard, peer, int64(len(sent))); err != nil {
		t.Fatal(err)
	}
	_ = c.SetWriteDeadline(time.Now().Add(-time.Hour)) // the library's, which is of no use
	if _, err := c.Write([]byte("on time")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 7)
	if _, err := io.ReadFull(peer, got); err != nil || string(got) != "on time" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestWhatIsCorkedGoesOutTogether(t *testing.T) {
	c, peer := nowaitPair(t)
	c.cork()
	for _, s := range []string{"one ", "two ", "three"} {
		if _, err := c.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if !c.behind() {
		t.Fatal("written before uncork")
	}
	c.uncork()
	got := make([]byte, 64)
	n, err := peer.Read(got)
	if err != nil || string(got[:n]) != "one two three" || c.behind() {
		t.Errorf("read %q, %v; behind %v", got[:n], err, c.behind())
	}
}

func TestAConnectionThatBrokeWhileItWasCorkedStaysBroken(t *testing.T) {
	c, _ := nowaitPair(t)
	c.cork()
	_, _ = c.Write([]byte("hello"))
	_ = c.Close()
	if err := c.flush(time.Now().Add(time.Minute)); err == nil {
		t.Fatal("flush wrote to a connection that is closed")
	}
	want := c.broken
	c.uncork()
	if _, err := c.Write([]byte("more")); err == nil || c.broken != want { //nolint:errorlint // the very same
		t.Errorf("write: %v; broken: %v, want %v", err, c.broken, want)
	}
}

// net.Pipe, like TLS, knows only a Write that waits.
func TestAConnectionThatCannotButWaitIsWrittenToAsItIs(t *testing.T) {
	here, there := net.Pipe()
	c := newNowaitConn(here)
	go func() {
		c.cork()
		_, _ = c.Write([]byte("hello"))
		_ = c.Close()
	}()
	if got, err := io.ReadAll(there); string(got) != "hello" || err != nil || !c.waits() {
		t.Errorf("read %q, %v; waits %v", got, err, c.waits())
	}
}
