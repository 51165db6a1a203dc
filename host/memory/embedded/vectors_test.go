package embedded_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
)

func TestTheNearestVectorsAreFound(t *testing.T) {
	dir, o := t.TempDir(), memorytest.Owner(t, "ana")
	s := open(t, dir)
	b := memory.Batch{At: memorytest.Noon}
	vectors := map[string][]float32{"gone": {1, 0, 0}}
	for i := range 3 {
		id := fmt.Sprint("e", i)
		b.Episodes = append(b.Episodes, memorytest.Episode(id, "s", "text"))
		v := []float32{0, 0, 0}
		v[i] = 2
		vectors[id] = v
	}
	b.Facts = append(b.Facts, memorytest.Fact("f", "tea"))
	if err := s.Write(t.Context(), o, b); err != nil {
		t.Fatal(err)
	}
	if err := s.PutVectors(t.Context(), o, "m", vectors); err != nil {
		t.Fatal(err)
	}
	got, err := s.Nearest(t.Context(), o, "m", []float32{.1, 1, .2}, 2)
	if err != nil || len(got) != 2 || got[0].ID != "e1" || got[1].ID != "e2" {
		t.Errorf("%v %v", got, err)
	}
	if todo, err := s.Pending(t.Context(), o, "m", 10); err != nil || len(todo) != 1 || todo[0].ID != "f" {
		t.Errorf("%v %v", todo, err)
	}
	if todo, err := s.Pending(t.Context(), o, "other", 10); err != nil || len(todo) != 4 {
		t.Errorf("%v %v", todo, err)
	}
	if _, err := s.Delete(t.Context(), o, "e1"); err != nil {
		t.Fatal(err)
	}
	got, err = s.Nearest(t.Context(), o, "m", []float32{0, 1, 0}, 5)
	if err != nil || slices.ContainsFunc(got, func(n memory.Near) bool { return n.ID == "e1" || n.ID == "gone" }) {
		t.Errorf("%v %v", got, err)
	}
	if err := s.KeepVectors(t.Context(), o, "other"); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Nearest(t.Context(), o, "m", []float32{0, 1, 0}, 5); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range [][]float32{{0, 0}, nil} {
		if _, err := s.Nearest(t.Context(), o, "m", bad, 1); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}

func TestSignsFindNearlyAllThatTheWholeVectorsDo(t *testing.T) {
	const n, length, most = 600, 128, 10
	defer embedded.SetBruteForce(n / 2)()
	o := memorytest.Owner(t, "ana")
	s := open(t, t.TempDir())
	random := rand.New(rand.NewPCG(5, 6))
	centre := func() []float32 {
		v := make([]float32, length)
		for i := range v {
			v[i] = float32(random.NormFloat64())
		}
		return v
	}
	around := func(c []float32) []float32 {
		v := slices.Clone(c)
		for i := range v {
			v[i] += float32(random.NormFloat64()) * .7
		}
		return v
	}
	var centres [][]float32
	for range 20 {
		centres = append(centres, centre())
	}
	b, vectors := memory.Batch{At: memorytest.Noon}, map[string][]float32{}
	for i := range n {
		id := fmt.Sprint("f", i)
		b.Facts = append(b.Facts, memory.Fact{ID: id, Text: "x"})
		vectors[id] = around(centres[i%len(centres)])
	}
	if err := s.Write(t.Context(), o, b); err != nil {
		t.Fatal(err)
	}
	if err := s.PutVectors(t.Context(), o, "m", vectors); err != nil {
		t.Fatal(err)
	}
	found, all := 0, 0
	for range 20 {
		q := around(centres[random.IntN(len(centres))])
		got, err := s.Nearest(t.Context(), o, "m", q, most)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, k := range got {
			ids = append(ids, k.ID)
		}
		for _, id := range exact(vectors, q, most) {
			all++
			if slices.Contains(ids, id) {
				found++
			}
		}
	}
	if recall := float64(found) / float64(all); recall < .95 {
		t.Errorf("recall %.3f", recall)
	}
}

func exact(vectors map[string][]float32, q []float32, most int) []string {
	type scored struct {
		id string
		s  float64
	}
	var list []scored
	for id, v := range vectors {
		var dot, size float64
		for i := range v {
			dot += float64(v[i]) * float64(q[i])
			size += float64(v[i]) * float64(v[i])
		}
		list = append(list, scored{id, -dot * dot / size * sign(dot)})
	}
	slices.SortFunc(list, func(a, b scored) int {
		if a.s < b.s {
			return -1
		}
		return 1
	})
	out := make([]string, most)
	for i := range out {
		out[i] = list[i].id
	}
	return out
}

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}
