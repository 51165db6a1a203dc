package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/jarvis-host/jarvis/host/memory"
)

var _ memory.Vectors = (*Store)(nil)

// bruteForce is up to how many vectors are all compared. Above, the signs of
// their components choose which are.
var bruteForce = 10_000

// rescored is how many times as many candidates the signs choose as are wanted.
const rescored = 10

// nearby are the vectors of one model, as far as they are kept in RAM: whole
// while they are few, their signs when they are many.
type nearby struct {
	model  string
	newest int64
	length int
	items  []string
	whole  [][]float32
	signs  [][]uint64
	place  map[string]int
}

func (f *file) dropVectors() {
	f.vectorLock.Lock()
	defer f.vectorLock.Unlock()
	f.vectors = nil
}

// PutVectors implements [memory.Vectors].
func (s *Store) PutVectors(ctx context.Context, o memory.Owner, model string, vectors map[string][]float32) error {
	return s.with(ctx, "write vectors", o, true, func(f *file) error {
		return f.change(ctx, func(tx *sql.Tx) error {
			for id, v := range vectors {
				unit, err := normal(v)
				if err != nil {
					return err
				}
				// The item may have been deleted meanwhile: then its vector must not stay.
				if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO vectors (item, model, vector)
					SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM episodes WHERE id = ?1) OR EXISTS (SELECT 1 FROM facts WHERE id = ?1)`,
					id, model, encode(unit)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// KeepVectors implements [memory.Vectors].
func (s *Store) KeepVectors(ctx context.Context, o memory.Owner, model string) error {
	return s.with(ctx, "delete vectors", o, false, func(f *file) error {
		defer f.dropVectors()
		return f.change(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "DELETE FROM vectors WHERE model <> ?", model)
			return err
		})
	})
}

// Pending implements [memory.Vectors].
func (s *Store) Pending(ctx context.Context, o memory.Owner, model string, most int) (out []memory.Text, err error) {
	err = s.with(ctx, "list texts without vectors", o, false, func(f *file) (err error) {
		out, err = rows(ctx, f.db, func(r scanner) (t memory.Text, err error) { return t, r.Scan(&t.ID, &t.Text) },
			`SELECT id, text FROM (SELECT id, text, 0 AS kind, rowid AS n FROM facts WHERE faded = 0 UNION ALL
			SELECT id, text, 1, seq FROM episodes WHERE faded = 0) i
			WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.item = i.id AND v.model = ?) ORDER BY kind, n DESC LIMIT ?`, model, most)
		return err
	})
	return out, err
}

// Nearest implements [memory.Vectors].
func (s *Store) Nearest(ctx context.Context, o memory.Owner, model string, query []float32, most int) (out []memory.Near, err error) {
	unit, err := normal(query)
	if err != nil {
		return nil, err
	}
	err = s.with(ctx, "find near vectors", o, false, func(f *file) (err error) {
		out, err = f.nearest(ctx, model, unit, most)
		return err
	})
	return out, err
}

func (f *file) nearest(ctx context.Context, model string, query []float32, most int) ([]memory.Near, error) {
	f.vectorLock.Lock()
	defer f.vectorLock.Unlock()
	v, err := f.loadVectors(ctx, model, len(query))
	if err != nil {
		return nil, err
	}
	if v.whole != nil {
		return best(v.items, v.whole, query, most), nil
	}
	chosen := v.bySigns(query, most*rescored)
	names := make([]string, len(chosen))
	for i, c := range chosen {
		names[i] = v.items[c]
	}
	var items []string
	var whole [][]float32
	_, err = rows(ctx, f.db, func(r scanner) (struct{}, error) {
		var item string
		var blob []byte
		err := r.Scan(&item, &blob)
		items, whole = append(items, item), append(whole, decode(blob))
		return struct{}{}, err
	}, "SELECT v.item, v.vector FROM json_each(?) j JOIN vectors v ON v.item = j.value AND v.model = ?", array(names), model)
	return best(items, whole, query, most), err
}

// loadVectors reads what came since the last time.
func (f *file) loadVectors(ctx context.Context, model string, length int) (*nearby, error) {
	v := f.vectors
	if v == nil || v.model != model || v.length != length {
		v = &nearby{model: model, length: length, place: map[string]int{}, whole: [][]float32{}}
	}
	_, err := rows(ctx, f.db, func(r scanner) (struct{}, error) {
		var n int64
		var item string
		var blob []byte
		if err := r.Scan(&n, &item, &blob); err != nil {
			return struct{}{}, err
		}
		v.newest = n
		if len(blob) == 4*length {
			v.add(item, decode(blob))
		}
		return struct{}{}, nil
	}, "SELECT n, item, vector FROM vectors WHERE model = ? AND n > ? ORDER BY n", model, v.newest)
	if err != nil {
		return nil, err
	}
	f.vectors = v
	return v, nil
}

func (v *nearby) add(item string, vector []float32) {
	i, known := v.place[item]
	if !known {
		i = len(v.items)
		v.place[item] = i
		v.items, v.signs = append(v.items, item), append(v.signs, nil)
		if v.whole != nil {
			v.whole = append(v.whole, nil)
		}
	}
	v.signs[i] = signs(vector)
	if v.whole != nil {
		v.whole[i] = vector
	}
	if len(v.items) > bruteForce {
		v.whole = nil
	}
}

// signs are one bit for each component: whether it is positive.
func signs(v []float32) []uint64 {
	out := make([]uint64, (len(v)+63)/64)
	for i, x := range v {
		if x > 0 {
			out[i/64] |= 1 << (i % 64)
		}
	}
	return out
}

// bySigns returns the places of the vectors whose signs differ least.
func (v *nearby) bySigns(query []float32, most int) []int {
	q := signs(query)
	counts := make([][]int, v.length+1) // by how many bits differ
	for i, s := range v.signs {
		d := 0
		for k := range s {
			d += bits.OnesCount64(s[k] ^ q[k])
		}
		counts[d] = append(counts[d], i)
	}
	var out []int
	for _, c := range counts {
		out = append(out, c...)
		if len(out) >= most {
			return out[:most]
		}
	}
	return out
}

func best(items []string, vectors [][]float32, query []float32, most int) []memory.Near {
	out := make([]memory.Near, len(items))
	for i, v := range vectors {
		var sum float32
		for k, x := range v {
			sum += x * query[k]
		}
		out[i] = memory.Near{ID: items[i], Cosine: float64(sum)}
	}
	slices.SortStableFunc(out, func(a, b memory.Near) int {
		return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), most)]
}

var errVector = errors.New("a vector needs a length above zero and finite components")

// normal returns a vector of length 1 in the same direction.
func normal(v []float32) ([]float32, error) {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil, errVector
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) / math.Sqrt(sum))
	}
	return out, nil
}

func encode(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func decode(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}
