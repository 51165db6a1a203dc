package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	codes "modernc.org/sqlite/lib"
)

// maxBatch is how many writes share one sync at most.
const maxBatch = 256

// errClosed says that the database was closed.
var errClosed = errors.New("database is closed")

// writer makes all changes, on one goroutine and one connection. Changes that
// arrive while it syncs wait for each other's sync, not for one each. An error
// in one of them undoes that one alone.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	jobs  chan *job
	ended chan struct{}
	all   prepared
	sick  atomic.Pointer[error] // why the disk took no change, as of the last try
	// damage is what was found broken in the file. From then on nothing is written:
	// a change to what is broken breaks more.
	damage atomic.Pointer[error]

	closing sync.RWMutex // held for reading while a job is handed in
	closed  bool
}

// job is one change. It may run more than once, each time from the start.
type job struct {
	do    func(ctx context.Context, tx *prepared) error
	loose func(conn *sql.Conn) error // instead of do: outside any transaction
	erase bool                       // whether do removes what shall leave no trace
	err   error
	done  chan struct{}
}

func newWriter(db *sql.DB, conn *sql.Conn) *writer {
	w := &writer{
		db: db, conn: conn, jobs: make(chan *job, maxBatch), ended: make(chan struct{}),
		all: prepared{conn: conn, stmts: map[string]*sql.Stmt{}},
	}
	go w.loop()
	return w
}

// write makes a change and returns when it is on disk. Once handed in, it is
// not cut short: half a wait tells nothing about the disk.
func (w *writer) write(ctx context.Context, do func(ctx context.Context, tx *prepared) error) error {
	return w.hand(ctx, &job{do: do})
}

// erase makes a change that removes something, from the log of changes too.
func (w *writer) erase(ctx context.Context, do func(ctx context.Context, tx *prepared) error) error {
	return w.hand(ctx, &job{do: do, erase: true})
}

// between runs f on the connection between transactions.
func (w *writer) between(ctx context.Context, f func(conn *sql.Conn) error) error {
	return w.hand(ctx, &job{loose: f})
}

func (w *writer) hand(ctx context.Context, j *job) error {
	j.done = make(chan struct{})
	if err := w.enter(ctx, j); err != nil {
		return err
	}
	<-j.done
	return j.err
}

func (w *writer) enter(ctx context.Context, j *job) error {
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) close() error {
	w.closing.Lock()
	first := !w.closed
	w.closed = true
	if first {
		close(w.jobs)
	}
	w.closing.Unlock()
	<-w.ended
	if !first {
		return nil
	}
	return errors.Join(w.all.close(), w.conn.Close(), w.db.Close())
}

func (w *writer) loop() {
	defer close(w.ended)
	for j := range w.jobs {
		batch := []*job{j}
		for len(batch) < maxBatch && len(w.jobs) > 0 {
			batch = append(batch, <-w.jobs) // this goroutine alone takes from jobs
		}
		w.serve(batch)
	}
}

// serve runs a batch and tells each caller.
func (w *writer) serve(batch []*job) {
	changes := slices.DeleteFunc(slices.Clone(batch), func(j *job) bool { return j.do == nil })
	w.change(changes)
	for _, j := range batch {
		if j.loose != nil {
			j.err = j.loose(w.conn)
		}
	}
	if slices.ContainsFunc(changes, func(j *job) bool { return j.erase && j.err == nil }) {
		w.truncate()
	}
	for _, j := range batch {
		close(j.done)
	}
}

// change commits jobs together. One that fails is left out and the others begin
// again: a savepoint around each would make the index of words write itself out
// for each, which costs more than all else. What no job is to blame for is tried
// with one at a time, so that each fails for itself.
func (w *writer) change(jobs []*job) {
	for len(jobs) > 0 {
		failed, err := w.commit(jobs)
		switch {
		case err == nil:
			return
		case failed >= 0 && !fatal(err):
			jobs[failed].err = err
			jobs = slices.Delete(slices.Clone(jobs), failed, failed+1)
		case len(jobs) == 1:
			jobs[0].err = err
			return
		default:
			for _, j := range jobs {
				_, j.err = w.commit([]*job{j})
			}
			return
		}
	}
}

// commit runs jobs in one transaction, and notes whether the disk took it. An error
// undid them all; failed is the job that it came from, or -1.
func (w *writer) commit(jobs []*job) (failed int, err error) {
	defer func() {
		switch {
		case err == nil:
			w.sick.Store(nil)
		case disk(err):
			w.sick.Store(&err)
		}
		w.saw(err)
	}()
	if broken := w.damage.Load(); broken != nil {
		return -1, *broken
	}
	ctx := context.Background()
	if err := w.all.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return -1, fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			// SQLite may have undone it already; then there is nothing to undo.
			_ = w.all.exec(ctx, "ROLLBACK")
		}
	}()
	for i, j := range jobs {
		if err := j.do(ctx, &w.all); err != nil {
			return i, err
		}
	}
	if err := w.all.exec(ctx, "COMMIT"); err != nil {
		return -1, fmt.Errorf("commit: %w", err)
	}
	return -1, nil
}

// fatal says whether an error may have ended the whole transaction.
func fatal(err error) bool {
	switch code(err) {
	case codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_NOMEM, codes.SQLITE_BUSY, codes.SQLITE_INTERRUPT,
		codes.SQLITE_CORRUPT, codes.SQLITE_READONLY:
		return true
	default:
		return false
	}
}

// saw notes an error that tells of damage in the file, a reader's too.
func (w *writer) saw(err error) {
	if broken := damaged(err); errors.Is(broken, ErrDamaged) {
		w.damage.CompareAndSwap(nil, &broken)
	}
}

// disk says whether an error is about where the file is kept: no room, no right to
// write, a fault of the device.
func disk(err error) bool {
	switch code(err) {
	case codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return true
	default:
		return false
	}
}

// truncate empties the log of changes, which still holds what was removed. With
// another process reading it may have to wait for the next time.
func (w *writer) truncate() {
	_, _ = w.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
}

// prepared runs statements on the writer's connection; each is compiled once.
type prepared struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := p.stmts[query]; s != nil {
		return s, nil
	}
	s, err := p.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.stmts[query] = s
	return s, nil
}

func (p *prepared) exec(ctx context.Context, query string, args ...any) error {
	_, err := p.change(ctx, query, args...)
	return err
}

// change returns how many rows changed.
func (p *prepared) change(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row reads the one row of a query into dest, or returns sql.ErrNoRows.
func (p *prepared) row(ctx context.Context, query string, args, dest []any) error {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(ctx, args...).Scan(dest...)
}

func (p *prepared) close() error {
	var all []error
	for _, s := range p.stmts {
		all = append(all, s.Close())
	}
	return errors.Join(all...)
}
