package services

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

// Options are what a [Desk] works with. Services that are nil are not there:
// what asks for them is answered with unsupported.
type Options struct {
	// Dir is a folder for the socket that no other desk uses; empty is one in the
	// temporary folder. It is made if need be, and holds nothing else.
	Dir       string
	Values    Values
	Schedules Schedules
	Notices   Notices
	Model     Model
	Budget    Budget
	Memory    Memory
	Sessions  Sessions
	// Settings is a plugin's configuration as the operator wrote it, a JSON object,
	// for needs that point into it.
	Settings func(plugin string) json.RawMessage
	// Secret returns a secret of a plugin; false: the operator set none.
	Secret func(plugin, name string) (string, bool)
	// Conceal keeps a secret out of every log from now on.
	Conceal func(secret string)
	// Refused writes down that a plugin asked for what was not granted to it.
	Refused func(plugin, need, method, call string)
	// Panicked takes what went wrong in the host itself; the call alone fails.
	Panicked func(method, value, stack string)
	Now      func() time.Time
}

// Schedules keeps what plugins want to be woken up for; schedule.Keeper does.
type Schedules interface {
	Put(ctx context.Context, p schedule.Plan) (time.Time, error)
	Plans(ctx context.Context, plugin, user string) ([]schedule.Plan, error)
	Drop(ctx context.Context, plugin, user, name string) (bool, error)
}

// Notices tells end users; notice.Room does.
type Notices interface {
	Send(ctx context.Context, n notice.Notice) (string, error)
	Withdraw(ctx context.Context, plugin, user, id string) (bool, error)
}

// Desk serves plugins. Its methods may be called concurrently.
type Desk struct {
	o      Options
	dir    string
	server *grpc.Server
	served chan struct{}

	mu     sync.Mutex
	guests map[[sha256.Size]byte]*guest // by their tokens' hashes
	visits map[string]*visits           // by plugin
}

// Open listens on a socket in a folder that only this operating system user can
// enter. Close ends it.
func Open(o Options) (*Desk, error) {
	l, dir, err := listen(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open services for plugins: %w", err)
	}
	d := &Desk{o: o, dir: dir, server: wire.NewServer(bounds(o.Panicked)), served: make(chan struct{}), guests: map[[sha256.Size]byte]*guest{}, visits: map[string]*visits{}}
	wire.RegisterHost(d.server, d.find)
	go func() {
		defer close(d.served)
		_ = d.server.Serve(l) // ends with Close
	}()
	return d, nil
}

func (d *Desk) socket() string { return filepath.Join(d.dir, socketName) }

// Close ends all calls and removes the socket.
func (d *Desk) Close() error {
	d.server.Stop()
	<-d.served
	return leave(d.dir, d.o.Dir)
}

// Admit lets one process of a plugin in, with what was granted to it. The
// token is nowhere but in what is returned; Leave makes it void.
func (d *Desk) Admit(plugin string, granted []sdk.Need) (sdk.HostAccess, *Pass) {
	token := rand.Text()
	g := &guest{desk: d, plugin: plugin, granted: slices.Clone(granted), calls: map[string]running{}, visits: d.visitsOf(plugin)}
	hash := sha256.Sum256([]byte(token))
	d.mu.Lock()
	d.guests[hash] = g
	d.mu.Unlock()
	if d.o.Conceal != nil {
		d.o.Conceal(token)
	}
	return sdk.HostAccess{Socket: d.socket(), Token: token}, &Pass{desk: d, hash: hash, guest: g}
}

// find returns the guest of a token. A hash is looked up, so that the time it
// takes tells nothing of tokens.
func (d *Desk) find(token string) sdk.Services {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g := d.guests[sha256.Sum256([]byte(token))]; g != nil {
		return g
	}
	return nil
}

// Pass is one process's right to ask.
type Pass struct {
	desk  *Desk
	hash  [sha256.Size]byte
	guest *guest
}

// Begin says that a call or event runs in the process: until end is called, the
// process may act on its end user's behalf. What it then still asks a model for
// is ended. The caller calls end once.
func (p *Pass) Begin(info sdk.CallInfo) (end func()) {
	g := p.guest
	g.visits.note(info.Session, info.User)
	g.mu.Lock()
	defer g.mu.Unlock()
	r := running{info, make(chan struct{})}
	g.calls[info.Call] = r
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		close(r.over)
		delete(g.calls, info.Call)
	}
}

// Grant replaces what was granted to the process.
func (p *Pass) Grant(granted []sdk.Need) {
	p.guest.mu.Lock()
	defer p.guest.mu.Unlock()
	p.guest.granted = slices.Clone(granted)
	go p.guest.lines.cut(func(l *line) bool { _, ok := p.guest.covered(l.host, l.port); return ok })
}

// Leave makes the token void. Calling it again does nothing.
func (p *Pass) Leave() {
	p.desk.mu.Lock()
	defer p.desk.mu.Unlock()
	delete(p.desk.guests, p.hash)
	go p.guest.lines.end()
}
