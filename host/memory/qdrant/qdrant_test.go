package qdrant

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// settled makes the index follow before each question, so that the server
// answers it.
type settled struct{ *Store }

func (s settled) Search(ctx context.Context, o memory.Owner, q memory.Search) (*memory.Found, error) {
	if err := s.Settle(ctx); err != nil {
		return nil, err
	}
	found, err := s.Store.Search(ctx, o, q)
	if err == nil && found.Degraded {
		return nil, errors.New("the server did not help")
	}
	return found, err
}

// fixture is a store with a server that is a double.
type fixture struct {
	*Store
	*testing.T
	server *qdranttest.Server
	truth  *embedded.Store
}

func double(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	f := &fixture{T: t, server: qdranttest.New(t), truth: truth(t, t.TempDir())}
	f.Store = f.another(f.truth, change)
	return f
}

// another is a further store on the same server.
func (f *fixture) another(truth *embedded.Store, change func(*Options)) *Store {
	f.T.Helper()
	o := Options{
		Truth: truth, Home: "home", Dial: f.server.Dial(), SearchWithin: 10 * time.Second,
		Server: Server{URL: qdranttest.URL, Key: qdranttest.Key, Collection: "test"},
	}
	if change != nil {
		change(&o)
	}
	return opened(f.T, o)
}

func truth(t *testing.T, dir string) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func opened(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (f *fixture) settle() {
	f.T.Helper()
	if err := f.Settle(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) write(o memory.Owner, b memory.Batch) {
	f.T.Helper()
	b.At = memorytest.Noon
	if err := f.Write(f.Context(), o, b); err != nil {
		f.Fatal(err)
	}
}

// found returns the ids that a search finds, and whether it says degraded.
func (f *fixture) found(o memory.Owner, terms ...string) (ids []string, degraded bool) {
	f.T.Helper()
	got, err := f.Search(f.Context(), o, memory.Search{Terms: terms})
	if err != nil {
		f.Fatal(err)
	}
	for _, h := range got.Episodes {
		ids = append(ids, h.ID)
	}
	slices.Sort(ids)
	return ids, got.Degraded
}

// even holds the counts of everyone to each other.
func (f *fixture) even(owners ...memory.Owner) {
	f.T.Helper()
	all := 0
	for _, o := range owners {
		kept, points, err := f.Tally(f.Context(), o)
		if err != nil || kept != points {
			f.Errorf("%s: %d items are kept, %d points are there (%v)", o.User(), kept, points, err)
		}
		all += kept
	}
	if n := len(f.server.Points("test")); n != all {
		f.Errorf("%d points are there, %d items are kept", n, all)
	}
}

func TestContract(t *testing.T) {
	asked := 0
	memorytest.Run(t, func(t *testing.T) memory.Store {
		f := double(t, nil)
		t.Cleanup(func() { asked += f.server.Calls("QueryBatch") })
		return settled{f.Store}
	})
	if asked < 50 {
		t.Errorf("the server was asked %d times", asked)
	}
}

// TestContractOnAServer holds a real server to the contract, and to what the
// double is trusted with: `QDRANT_TEST_ADDR=http://127.0.0.1:6334`, with
// QDRANT_TEST_KEY where it wants one.
func TestContractOnAServer(t *testing.T) {
	memorytest.Run(t, func(t *testing.T) memory.Store { return settled{actual(t, "")} })
}

func actual(t *testing.T, model string) *Store {
	t.Helper()
	addr := os.Getenv("QDRANT_TEST_ADDR")
	if addr == "" {
		t.Skip("QDRANT_TEST_ADDR is not set")
	}
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	s := opened(t, Options{
		Truth: truth(t, t.TempDir()), Home: "home", Model: model, SearchWithin: 10 * time.Second,
		Server: Server{URL: addr, Key: os.Getenv("QDRANT_TEST_KEY"), Collection: "jarvis_test_" + strings.ToLower(rand.Text())},
	})
	t.Cleanup(func() { _ = s.client.DeleteCollection(context.Background(), s.o.Server.Collection) })
	return s
}

// What only a server can show: that a change of the vectors' length, a lost
// collection and a rebuild end with the same counts, and that vectors are found.
func TestVectorsOnAServer(t *testing.T) { vectors(t, actual(t, "m")) }

func TestVectors(t *testing.T) {
	f := double(t, func(o *Options) { o.Model = "m" })
	vectors(t, f.Store)
	if f.server.Calls("Query") == 0 {
		t.Error("the server was not asked for vectors")
	}
}

func vectors(t *testing.T, s *Store) {
	t.Helper()
	ctx, o := t.Context(), memorytest.Owner(t, "ana")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Write(ctx, o, memory.Batch{At: memorytest.Noon, Episodes: []memory.Episode{
		memorytest.Episode("e1", "s", "one"), memorytest.Episode("e2", "s", "two"), memorytest.Episode("e3", "s", "three"),
	}}))
	must(s.Settle(ctx)) // a collection without vectors
	for _, length := range []int{3, 5} {
		query := make([]float32, length)
		query[0], query[1] = 1, .2
		put := map[string][]float32{}
		for i := range 3 {
			v := make([]float32, length)
			v[i] = 1
			put[fmt.Sprintf("e%d", i+1)] = v
		}
		must(s.PutVectors(ctx, o, "m", put))
		must(s.Settle(ctx)) // makes the collection anew, for vectors
		if length == 5 {
			s.lost.Store(true) // the next start of the host
			must(s.Settle(ctx))
		}
		if s.takes.Load() != int64(length) {
			t.Errorf("the collection takes vectors of %d, not %d", s.takes.Load(), length)
		}
		near, err := s.Nearest(ctx, o, "m", query, 2)
		must(err)
		if len(near) != 2 || near[0].ID != "e1" || near[1].ID != "e2" {
			t.Errorf("near: %+v", near)
		}
		kept, points, err := s.Tally(ctx, o)
		if err != nil || kept != 3 || points != 3 {
			t.Error(kept, points, err)
		}
	}
	soon, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	must(s.client.DeleteCollection(soon, s.o.Server.Collection))
	if _, _, err := s.Tally(ctx, o); err == nil {
		t.Error("a collection that is not there was counted")
	}
	must(s.Settle(ctx))
	n, err := s.Rebuild(ctx, o)
	if err != nil || n != 3 {
		t.Error(n, err)
	}
	must(s.Erase(ctx, o))
	must(s.Settle(ctx))
	if kept, points, err := s.Tally(ctx, o); kept != 0 || points != 0 || err != nil {
		t.Error(kept, points, err)
	}
}
