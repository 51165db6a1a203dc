package gateway

import (
	"context"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// Notices are what end users should know outside of any conversation. It is
// safe for concurrent use.
type Notices interface {
	// Watch shows a user's open notices, those of now and those to come, each
	// again after a while, until stop. show returns quickly.
	Watch(ctx context.Context, user string, show func(protocol.Notice)) (stop func(), err error)
	// Acknowledge closes a user's notice, or answers protocol.WordNotice.
	Acknowledge(ctx context.Context, user, notice string) error
}

// watchNotices shows the end user's notices on this socket until the returned
// function is called. A client of the original knows of none.
func (c *socket) watchNotices() (stop func()) {
	if c.s.o.Notices == nil || c.original {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	user := c.who.Load().User.ID
	stop, err := c.s.o.Notices.Watch(ctx, user, func(n protocol.Notice) { c.send(encode(n)) })
	if err != nil {
		c.s.log.Error("notices not read", keyRequest, c.request, keyUser, user, keyError, err)
		return func() {}
	}
	return stop
}

// acknowledge takes note that a notice reached its person.
func (c *socket) acknowledge(ctx context.Context, p auth.Principal, f *protocol.Ack) error {
	if c.s.o.Notices == nil {
		return &protocol.Problem{Code: protocol.NotFound, Field: "notice", Text: protocol.WordNotice, Args: []any{f.Notice}}
	}
	return c.s.o.Notices.Acknowledge(ctx, p.User.ID, f.Notice)
}
