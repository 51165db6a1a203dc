package qdrant

import (
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/eval"
)

// least is the recall among ten on our own household, in hundredths, below which
// an index would be worse than none; the truth alone reaches 89.5.
const least = 88

func finds(t *testing.T, s *Store) {
	t.Helper()
	sets, err := eval.Household()
	if err != nil {
		t.Fatal(err)
	}
	got, err := eval.Run(t.Context(), memory.New(memory.Options{Store: settled{s}}), sets, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(got.All)
	if r := 100 * got.All.Recall10 / float64(got.All.Questions); r < least {
		t.Errorf("recall among ten is %.1f, below %d", r, least)
	}
}

// As good as without it.
func TestFinds(t *testing.T) {
	if raced {
		t.Skip("nothing here is concurrent")
	}
	f := double(t, nil)
	finds(t, f.Store)
	if f.server.Calls("QueryBatch") < 500 {
		t.Errorf("the server was asked %d times", f.server.Calls("QueryBatch"))
	}
}

func TestFindsOnAServer(t *testing.T) { finds(t, actual(t, "")) }
