package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
)

func open(t testing.TB, dir string) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(dir)
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

func TestTheStoreKeepsItsContract(t *testing.T) { // M10
	memorytest.Run(t, func(t *testing.T) memory.Store { return open(t, t.TempDir()) })
}

// holds says which files of a folder hold any of the words.
func holds(t *testing.T, dir string, words ...string) (files []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				files = append(files, e.Name()+" holds "+w)
			}
		}
	}
	return files
}

func TestNoByteOfWhatWasDeletedIsLeft(t *testing.T) { // M05
	dir, o := t.TempDir(), memorytest.Owner(t, "ana")
	s := open(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	var canaries, gone []string
	for i := range 15 {
		var b memory.Batch
		b.At = memorytest.Noon
		for j := range 5 {
			id := fmt.Sprintf("e%d-%d", i, j)
			text := strings.Repeat("filler ", random.IntN(20))
			if random.IntN(4) == 0 {
				canary := fmt.Sprintf("canary%dx%d", i, j)
				text += canary + strings.Repeat(" long", random.IntN(1000))
				canaries, gone = append(canaries, canary), append(gone, id)
				b.Facts = append(b.Facts, memorytest.Fact("f"+id, canary, id))
			}
			b.Episodes = append(b.Episodes, memorytest.Episode(id, "s", text+" end"))
		}
		if err := s.Write(t.Context(), o, b); err != nil {
			t.Fatal(err)
		}
	}
	if len(holds(t, dir, canaries...)) == 0 {
		t.Fatal("the canaries were not there to begin with")
	}
	if _, err := s.Delete(t.Context(), o, gone...); err != nil {
		t.Fatal(err)
	}
	if left := holds(t, dir, canaries...); left != nil {
		t.Error(left)
	}
}

func TestErasingLeavesNoByte(t *testing.T) { // X09
	dir, o := t.TempDir(), memorytest.Owner(t, "ana")
	s := open(t, dir)
	if err := s.Write(t.Context(), o, memory.Batch{At: memorytest.Noon, Episodes: []memory.Episode{memorytest.Episode("e", "s", "canary")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Error(entries, err)
	}
}

func TestMoreOwnersThanOpenFiles(t *testing.T) {
	defer embedded.SetMaxOpen(3)()
	const owners = 8
	s := open(t, t.TempDir())
	for range 2 {
		for i := range owners {
			o := memorytest.Owner(t, fmt.Sprint("owner", i))
			if _, err := s.Search(t.Context(), o, memory.Search{Terms: []string{"one"}}); err != nil {
				t.Fatal(err)
			}
			if err := s.Write(t.Context(), o, memory.Batch{At: memorytest.Noon, Facts: []memory.Fact{memorytest.Fact("f", "tea")}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, err := s.Owners(t.Context()); err != nil || len(got) != owners {
		t.Error(len(got), err)
	}
	if n := s.Opened(); n != 3 {
		t.Errorf("%d files are open", n)
	}
}

// While one owner's file is opened, which can take seconds where another process
// holds it, everyone else is served, and whoever waits can give up.
func TestOpeningAFileHoldsNobodyElseUp(t *testing.T) {
	s, ana, bob := open(t, t.TempDir()), memorytest.Owner(t, "ana"), memorytest.Owner(t, "bob")
	write := func(ctx context.Context, o memory.Owner) error {
		return s.Write(ctx, o, memory.Batch{At: memorytest.Noon, Facts: []memory.Fact{memorytest.Fact("f", "tea")}})
	}
	done, err := s.Opening(ana)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(t.Context(), bob), s.Erase(t.Context(), bob)); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithCancel(t.Context())
	cancel()
	if err := write(soon, ana); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever gave up got %v", err)
	}
	waiting := make(chan error)
	go func() { waiting <- write(t.Context(), ana) }()
	done()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

// A memory that is erased while others use it ends whole or gone, never half.
func TestErasingWhileOthersWrite(t *testing.T) {
	defer embedded.SetMaxOpen(1)()
	s := open(t, t.TempDir())
	owners := []memory.Owner{memorytest.Owner(t, "ana"), memorytest.Owner(t, "bob")}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 20 {
				o := owners[(i+n)%2]
				if i == 0 && n%5 == 0 {
					if err := s.Erase(t.Context(), o); err != nil {
						t.Error(err)
					}
					continue
				}
				// Whose file goes meanwhile is told so.
				_ = s.Write(t.Context(), o, memory.Batch{At: memorytest.Noon, Facts: []memory.Fact{memorytest.Fact(fmt.Sprint(i, "-", n), "tea")}})
			}
		})
	}
	all.Wait()
	for _, o := range owners {
		if err := s.Write(t.Context(), o, memory.Batch{At: memorytest.Noon, Facts: []memory.Fact{memorytest.Fact("last", "tea")}}); err != nil {
			t.Error(err)
		}
		if facts, err := s.Facts(t.Context(), o, memory.FactFilter{}); err != nil || !slices.ContainsFunc(facts, func(k memory.Fact) bool { return k.ID == "last" }) {
			t.Errorf("%+v, %v", facts, err)
		}
	}
	if n := s.Opened(); n != 1 {
		t.Errorf("%d files are open", n)
	}
}

func TestADamagedFileIsSaidAndLeftAlone(t *testing.T) {
	dir, o := t.TempDir(), memorytest.Owner(t, "ana")
	s := open(t, dir)
	if err := s.Write(t.Context(), o, memory.Batch{At: memorytest.Noon, Facts: []memory.Fact{memorytest.Fact("f", "tea")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte(strings.Repeat("no database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	if _, err := again.Search(context.Background(), o, memory.Search{Terms: []string{"one"}}); !errors.Is(err, memory.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if len(holds(t, dir, "no database")) == 0 {
		t.Error("the damaged file was not left as it was")
	}
}
