package gateway

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// pipes is a listener whose connections are in memory, for tests with the time of
// a bubble.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// dial opens a connection of which the host sees its peer's address.
func (p pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.waiting <- addressed{there, p.Addr()}
	return here
}

type addressed struct {
	net.Conn
	from net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.from }

// inBubble runs a test whose gateway goes by the time of a bubble.
func inBubble(t *testing.T, test func(t *testing.T, w *world, p pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := pipes{waiting: make(chan net.Conn), closed: make(chan struct{})}
		w := newWorldOn(t, p, func(o *Options) { o.Now = time.Now })
		test(t, w, p)
	})
}

// end reads what comes until the connection ends, and tells how long that took,
// and what a WebSocket closed with.
func (s *rawSocket) end() (after time.Duration, code int) {
	began := time.Now()
	_, code = s.observed("nothing")
	return time.Since(began), code
}

func TestAPeerThatVanishesIsGivenUpWithinAMinute(t *testing.T) { // fault-W15
	for name, reads := range map[string]bool{"and its system still takes what comes": true, "with its system": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world, p pipes) {
				s := w.handshakeOn(t, p.dial(), "alice", protocol.Subprotocol)
				_, _, _ = s.read() // hello
				if reads {
					go func() {
						b := make([]byte, 512)
						for err := error(nil); err == nil; { // pings, which nobody answers
							_, err = s.Conn.Read(b)
						}
					}()
				}
				time.Sleep(50 * time.Second)
				synctest.Wait()
				if n := w.meter.get("open"); n != 1 && reads {
					t.Errorf("%d sockets are open after 50 s of silence, want 1", n)
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if n := w.meter.get("open"); n != 0 || len(w.all()) != 0 {
					t.Errorf("%d sockets are counted and %d known after a minute", n, len(w.all()))
				}
			})
		})
	}
}

// lasting is a connection whose end waits, as that of TLS does for its peer.
type lasting struct {
	net.Conn
	closing func()
	release chan struct{}
}

func (l lasting) Close() error {
	l.closing()
	<-l.release
	return l.Conn.Close()
}

func TestASocketThatIsSlowToCloseHoldsUpNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world, p pipes) {
		release := make(chan struct{})
		var closing atomic.Int32
		for range 2 {
			here, there := net.Pipe()
			p.waiting <- lasting{addressed{there, p.Addr()}, sync.OnceFunc(func() { closing.Add(1) }), release}
			s := w.handshakeOn(t, here, "alice", protocol.Subprotocol)
			_, _, _ = s.read() // hello
			go func() {
				b := make([]byte, 512)
				for err := error(nil); err == nil; { // pings, which nobody answers
					_, err = s.Conn.Read(b)
				}
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := closing.Load(); n != 2 {
			t.Errorf("%d of 2 sockets whose peers are gone are closed: one waits for the other", n)
		}
		if w.mu.TryLock() {
			w.mu.Unlock()
		} else {
			t.Error("whoever opens or ends another socket waits for them")
		}
		close(release)
	})
}

func TestAConnectionThatNeverSpeaksIsClosed(t *testing.T) { // fault-W17
	for name, said := range map[string]string{
		"a word": "", "the end of its request": "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world, p pipes) {
				c := p.dial()
				defer c.Close()
				_, err := c.Write([]byte(said))
				must(t, err)
				synctest.Wait()
				if n := w.crowd.inside.Load(); n != 1 {
					t.Errorf("%d connections count among those without a credential, want 1", n)
				}
				began := time.Now()
				_ = c.SetReadDeadline(began.Add(time.Minute))
				b := make([]byte, 512)
				for err == nil { // perhaps an answer, then the end
					_, err = c.Read(b)
				}
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("it was closed after %v (%v), want 10 s", took, err)
				}
				synctest.Wait()
				if n := w.crowd.inside.Load(); n != 0 {
					t.Errorf("%d connections are left", n)
				}
			})
		})
	}
}

func TestAMessageThatNeverEndsIsCutOffAtItsDeadline(t *testing.T) { // fault-W3
	inBubble(t, func(t *testing.T, w *world, p pipes) {
		s := w.handshakeOn(t, p.dial(), "alice", protocol.Subprotocol)
		_, _, _ = s.read() // hello
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, err := s.Write(rawFrame(opText, nil))
			for n := 0; n < 60 && err == nil; n++ { // fewer than the cap
				time.Sleep(time.Second)
				_, err = s.Write(rawFrame(opContinuation, nil))
			}
		}()
		if after, code := s.end(); code != protocol.ClosePolicy || after > 11*time.Second {
			t.Errorf("closed with %d after %v, want %d after 10 s", code, after, protocol.ClosePolicy)
		}
		s.Close()
		<-sent
	})
}
