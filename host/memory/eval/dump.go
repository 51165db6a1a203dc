package eval

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/rank"
)

// Dump writes the features of every candidate of every question, to choose
// weights with: a line of JSON for each question, then for each candidate its
// label and its row as little-endian float32.
func Dump(ctx context.Context, w io.Writer, m *memory.Memory, o memory.Owner, d *Dialogue) error {
	out := bufio.NewWriter(w)
	for _, q := range d.Questions {
		at := q.At
		if at.IsZero() {
			at = d.Said[len(d.Said)-1].At.Add(24 * time.Hour)
		}
		ids, rows, err := m.Features(ctx, o, memory.Question{Text: q.Text, Lang: q.Lang, At: at})
		if err != nil {
			return err
		}
		head, err := json.Marshal(map[string]any{
			"dialogue": d.Name, "category": q.Category, "question": q.Text, "evidence": q.Evidence, "ids": ids, "features": rank.Names,
		})
		if err != nil {
			return err
		}
		if _, err := out.Write(append(head, '\n')); err != nil {
			return err
		}
		for i, row := range rows {
			label := float32(0)
			if slices.Contains(q.Evidence, ids[i]) {
				label = 1
			}
			b := binary.LittleEndian.AppendUint32(nil, math.Float32bits(label))
			for _, x := range row {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
			}
			if _, err := out.Write(b); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}
