package session

import (
	"context"
	"errors"
	"testing"
)

// shy is a store of variables that counts how often it is asked, and takes none
// while full.
type shy struct {
	Store
	value []byte
	asked int
	full  error
}

func (s *shy) Var(context.Context, string, string) ([]byte, error) {
	s.asked++
	return s.value, nil
}

func (s *shy) SetVar(_ context.Context, _, _ string, value []byte) error {
	if s.full == nil {
		s.value = value
	}
	return s.full
}

func TestAVariableThatIsNotThereIsLookedForOnce(t *testing.T) {
	store := &shy{}
	s := newShelf(store, "s1")
	want := func(value string, asked int) {
		t.Helper()
		got, err := s.get(t.Context(), "floor")
		if err != nil || string(got) != value || store.asked != asked {
			t.Fatalf("got %q, %v after %d looks; want %q after %d", got, err, store.asked, value, asked)
		}
	}
	want("", 1)
	want("", 1)
	if err := s.set(t.Context(), "floor", []byte("x")); err != nil {
		t.Fatal(err)
	}
	want("x", 2)
	want("x", 3) // what is there is the store's to tell
	if err := s.set(t.Context(), "floor", nil); err != nil {
		t.Fatal(err)
	}
	want("", 4)
	want("", 4)
	store.full = errors.New("full")
	if err := s.set(t.Context(), "floor", []byte("y")); !errors.Is(err, store.full) {
		t.Fatalf("got %v", err)
	}
	want("", 5) // nobody knows what became of it
}
