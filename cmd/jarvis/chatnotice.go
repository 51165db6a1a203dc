package main

import (
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// notice shows what the host has to tell outside of the conversation, once
// however often it comes.
func (c *conversation) notice(n protocol.Notice) {
	if _, shown := c.notices[n.Notice]; shown || c.o.json {
		return
	}
	if c.notices == nil {
		c.notices = map[string]bool{}
	}
	c.notices[n.Notice] = true
	c.newline()
	late := ""
	if due, err := time.Parse(time.RFC3339, n.Due); err == nil && n.Late {
		late = " " + fmt.Sprintf(c.t["notice_late"], due.Local().Format("2006-01-02 15:04"))
	}
	fmt.Fprintf(c.p.stderr, "(!) %s%s\n", printable(n.Text), late)
	if c.typed {
		fmt.Fprintln(c.p.stderr, c.t["notice_seen"])
	}
}

// seen acknowledges what was shown, when someone types: only then is it sure
// that a person is there.
func (c *conversation) seen() error {
	for id, waits := range c.notices {
		if !waits {
			continue
		}
		if err := c.link.send(protocol.Ack{Type: protocol.TypeAck, Notice: id}); err != nil {
			return err
		}
		c.notices[id] = false
	}
	return nil
}
