package qdrant

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	client "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Truth keeps the memories whose candidates the index finds, as package embedded
// does.
type Truth interface {
	memory.Store
	memory.Vectors
	memory.Indexer
	// Revision grows by one with every change of an owner's memory, whichever
	// process makes it; 0 is nothing kept.
	Revision(context.Context, memory.Owner) (int64, error)
	// VectorsOf returns the vectors that items have of a model, by id.
	VectorsOf(ctx context.Context, o memory.Owner, model string, ids []string) (map[string][]float32, error)
	// VectorLength is how long an owner's vectors of a model are; 0 is none.
	VectorLength(ctx context.Context, o memory.Owner, model string) (int, error)
}

// Options are what a [Store] works with.
type Options struct {
	Truth Truth
	// Home names the host among those that share a collection.
	Home   string
	Server Server
	// Model is the embedding model whose vectors are indexed; empty is none.
	Model string
	// SearchWithin is how long a search may take before the truth's own index
	// answers instead; 25 ms when 0.
	SearchWithin time.Duration
	// Each of these may be nil. Log is told of what only the operator can act on,
	// and with no error when that is over.
	Log     func(msg string, err error)
	Counted func(operation string, err error) // "index", "reindex"
	// Dial adds to how the connection is made.
	Dial []grpc.DialOption
}

const (
	defaultSearch = 25 * time.Millisecond
	// callWithin bounds every call that nobody waits for.
	callWithin = 10 * time.Second
	// healthWithin bounds the question whether the server is there.
	healthWithin = 2 * time.Second
)

// ErrStrangers says that the server found what is another owner's.
var ErrStrangers = errors.New("the server found points of another owner")

// errNoPlace says that there are vectors, for which the collection was not made.
var errNoPlace = errors.New("the collection takes no vectors yet; it is made anew")

// errPromised says that a change is promised, and not done.
var errPromised = errors.New("the server promised a change, and did not make it")

// fromServer says whether an error is the server's, not the truth's.
func fromServer(err error) bool {
	if _, ok := errors.AsType[*client.QdrantError](err); ok {
		return true
	}
	_, ok := errors.AsType[*client.QdrantResourceExhaustedError](err)
	return ok || errors.Is(err, errNoPlace) || errors.Is(err, errPromised)
}

// ErrDown says that the server does not answer. What is wanted of it is done
// when it is back.
var ErrDown = errors.New("the memory index does not answer")

// Store implements [memory.Store] with candidates from a server. Safe for
// concurrent use. It owns no goroutine but that of Run.
type Store struct {
	Truth
	o      Options
	client *client.Client
	wake   chan struct{}

	up     atomic.Bool
	reason atomic.Pointer[string] // why it is down

	told  atomic.Bool  // the log knows
	old   atomic.Bool  // the log knows that it is older than it should be
	lost  atomic.Bool  // it may not hold any more what it held
	takes atomic.Int64 // the length of the vectors that the collection takes

	following sync.Mutex // one at a time makes the index follow

	mu     sync.Mutex
	owners map[memory.Owner]*owner
}

var (
	_ memory.Store   = (*Store)(nil)
	_ memory.Vectors = (*Store)(nil)
	_ memory.Indexer = (*Store)(nil)
	_ memory.Mirror  = (*Store)(nil)
)

// New returns a Store. It asks the server nothing: Run or Settle do.
func New(o Options) (*Store, error) {
	if o.SearchWithin <= 0 {
		o.SearchWithin = defaultSearch
	}
	if o.Log == nil {
		o.Log = func(string, error) {}
	}
	if o.Counted == nil {
		o.Counted = func(string, error) {}
	}
	c, err := o.Server.dial(o.Dial)
	if err != nil {
		return nil, fmt.Errorf("memory index: %w", err)
	}
	s := &Store{Truth: o.Truth, o: o, client: c, wake: make(chan struct{}, 1), owners: map[memory.Owner]*owner{}}
	s.lost.Store(true)
	text := "not asked yet"
	s.reason.Store(&text)
	return s, nil
}

// Close closes the connection and the truth. Run must have ended.
func (s *Store) Close() error { return errors.Join(s.client.Close(), s.Truth.Close()) }

// down notes that the server does not help. It is told once.
func (s *Store) down(err error) {
	text := err.Error()
	s.reason.Store(&text)
	s.up.Store(false)
	if !s.told.Swap(true) {
		s.o.Log("memory index does not answer; memory searches by itself until it does", err)
	}
}

// back notes that the server helps.
func (s *Store) back() {
	s.up.Store(true)
	if s.told.Swap(false) {
		s.o.Log("memory index answers again", nil)
	}
}

// Up says why the server does not help; nil when it does.
func (s *Store) Up() error {
	if s.up.Load() {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrDown, *s.reason.Load())
}

// Check asks the server whether it is there, and says why it does not help.
func (s *Store) Check(ctx context.Context) error {
	if _, err := s.client.HealthCheck(ctx); err != nil {
		s.failed(err)
		return s.Up()
	}
	if err := s.Up(); err != nil {
		s.nudge() // it is back: no need to wait for the next look
		return err
	}
	return nil
}

// failed takes note of an error of the server's. One that was only slow holds
// what it held.
func (s *Store) failed(err error) {
	if status.Code(err) != codes.DeadlineExceeded {
		s.lost.Store(true)
	}
	s.down(err)
	s.nudge()
}

// nudge makes Run look for what is to be done.
func (s *Store) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // it was told already
	}
}
