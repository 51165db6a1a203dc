package gateway

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// writeNow takes from the outbox what can be written without waiting, on the
// stack of whoever woke it, which may hold locks. What has to wait, or ends the
// socket, gets a goroutine.
func (c *socket) writeNow() {
	for !c.conn.waits() && !c.conn.behind() {
		it, ok := c.out.take()
		if !ok {
			return
		}
		if it.kind == kindClose {
			c.s.running.Go(func() { c.writeClose(it) })
			return
		}
		if err := c.put(it); err != nil {
			c.s.running.Go(func() { c.writeFailed(err) })
			return
		}
	}
	c.s.running.Go(c.write)
}

// write takes from the outbox until it is empty, and waits for the client.
// There is one writer at a time: it, or writeNow.
func (c *socket) write() {
	for {
		if err := c.flush(); err != nil {
			c.writeFailed(err)
			return
		}
		it, ok := c.out.take()
		if !ok {
			return
		}
		if it.kind == kindClose {
			c.writeClose(it)
			return
		}
		if err := c.put(it); err != nil {
			c.writeFailed(err)
			return
		}
	}
}

func (c *socket) flush() error {
	return c.conn.flush(time.Now().Add(c.s.config.Load().WriteTimeout))
}

// writeClose writes the last item, and gives the peer a moment to read it.
func (c *socket) writeClose(it item) {
	if c.put(it) == nil {
		_ = c.flush() // it was the last word, heard or not
	}
	c.conn.hangUp(time.Now().Add(lingerFor))
	close(c.written)
}

// writeFailed ends a socket that can't be written to.
func (c *socket) writeFailed(err error) {
	if errors.Is(err, websocket.ErrCloseSent) {
		_ = c.flush() // the library closed, and the peer may read that
	} else {
		c.cut()
	}
	c.abandon()
}

// abandon takes what nobody will read any more.
func (c *socket) abandon() {
	c.shut(0, "")
	for {
		it, ok := c.out.take()
		if !ok {
			return
		}
		if it.kind == kindClose {
			close(c.written)
			return
		}
	}
}

// put writes one item.
func (c *socket) put(it item) error {
	deadline := time.Now().Add(c.s.config.Load().WriteTimeout)
	switch it.kind {
	case kindPing:
		return c.ws.WriteControl(websocket.PingMessage, nil, deadline)
	case kindPong:
		return c.ws.WriteControl(websocket.PongMessage, it.data, deadline)
	case kindClose:
		if it.code == 0 {
			return nil
		}
		if c.out.overflowed() {
			it.code, it.data = protocol.CloseSlowReader, nil
		}
		message := websocket.FormatCloseMessage(it.code, string(it.data[:min(len(it.data), closeReason)]))
		return c.ws.WriteControl(websocket.CloseMessage, message, deadline)
	case kindDelta:
		it.data = appendDelta(make([]byte, 0, len(it.data)+itemBytes), it)
	case kindFrame, kindDurable:
	}
	_ = c.ws.SetWriteDeadline(deadline) // it only notes the time
	err := c.ws.WriteMessage(websocket.TextMessage, it.data)
	if err == nil {
		c.s.meter.Message("out", "ok")
	}
	return err
}
