package eval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
)

// Figures are means over questions.
type Figures struct {
	Questions                         int
	Recall5, Recall10, Recall20, Gain float64
}

func (f *Figures) add(found, evidence []string) {
	f.Questions++
	f.Recall5 += Recall(found, evidence, 5)
	f.Recall10 += Recall(found, evidence, 10)
	f.Recall20 += Recall(found, evidence, 20)
	f.Gain += NDCG(found, evidence, 10)
}

// String prints the figures as one row: recall in hundredths at 5, 10 and 20, and
// nDCG at 10.
func (f Figures) String() string {
	n := float64(max(f.Questions, 1))
	return fmt.Sprintf("R@5 %5.1f  R@10 %5.1f  R@20 %5.1f  nDCG@10 %.3f  (%d questions)",
		100*f.Recall5/n, 100*f.Recall10/n, 100*f.Recall20/n, f.Gain/n, f.Questions)
}

// Outcome is what a run measured.
type Outcome struct {
	All, Baseline Figures
	ByCategory    map[string]*Figures
	ByLang        map[string]*Figures
	Importance    float64 // AUC
	Gate          float64 // AUC
	GatePass      map[string][2]float64
	Find          []time.Duration
	Write         []time.Duration
	positives     []float64 // of the gate
	negatives     []float64
}

// most results that are looked at.
const depth = 20

// Run adds each dialogue to a memory of its own and asks its questions. Where
// mute, nobody's name is kept.
func Run(ctx context.Context, m *memory.Memory, sets []Dialogue, mute bool) (*Outcome, error) {
	out := &Outcome{ByCategory: map[string]*Figures{}, ByLang: map[string]*Figures{}, GatePass: map[string][2]float64{}}
	var aucs, weights float64
	for i := range sets {
		o, err := memory.OwnerOf(fmt.Sprint(sets[i].Name, mute))
		if err != nil {
			return nil, err
		}
		auc, err := out.load(ctx, m, o, &sets[i], mute)
		if err != nil {
			return nil, err
		}
		if auc == auc { // not NaN
			aucs, weights = aucs+auc, weights+1
		}
		if err := out.ask(ctx, m, o, &sets[i]); err != nil {
			return nil, err
		}
		if err := out.others(ctx, m, o, sets, i); err != nil {
			return nil, err
		}
	}
	out.Importance = aucs / max(weights, 1)
	out.Gate = AUC(out.positives, out.negatives)
	for name, least := range map[string]float64{"chat": memory.GateChat, "asked": memory.GateAsked} {
		out.GatePass[name] = [2]float64{share(out.positives, least), share(out.negatives, least)}
	}
	return out, nil
}

func share(values []float64, least float64) float64 {
	n := 0
	for _, v := range values {
		if v >= least {
			n++
		}
	}
	return float64(n) / float64(max(len(values), 1))
}

// load adds a dialogue, and says how well importance tells what is asked for.
func (out *Outcome) load(ctx context.Context, m *memory.Memory, o memory.Owner, d *Dialogue, mute bool) (float64, error) {
	said := slices.Clone(d.Said)
	if mute {
		for i := range said {
			said[i].Speaker = ""
		}
	}
	kept, err := m.Remember(ctx, o, said...)
	if err != nil {
		return 0, err
	}
	asked := map[string]bool{}
	for _, q := range d.Questions {
		for _, e := range q.Evidence {
			asked[e] = q.Category != notStored || asked[e]
		}
	}
	var yes, no []float64
	for _, e := range kept.Episodes {
		if asked[e.ID] {
			yes = append(yes, e.Importance)
		} else {
			no = append(no, e.Importance)
		}
	}
	return AUC(yes, no), nil
}

const notStored = "not stored"

func (out *Outcome) ask(ctx context.Context, m *memory.Memory, o memory.Owner, d *Dialogue) error {
	plain, err := embedded.NewBaseline(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = plain.Close() }()
	for _, s := range d.Said {
		if err := plain.Add(ctx, s.ID, s.Text); err != nil {
			return err
		}
	}
	for _, q := range d.Questions {
		start := time.Now()
		answer, err := m.Find(ctx, o, memory.Question{Text: q.Text, Lang: q.Lang, At: askedAt(d, &q), Limit: depth})
		if err != nil {
			return err
		}
		out.Find = append(out.Find, time.Since(start))
		if len(q.Evidence) == 0 {
			out.negatives = append(out.negatives, answer.Coverage)
			continue
		}
		if q.Category == notStored {
			continue // LoCoMo's adversarial questions: what they ask of was said, by another
		}
		out.positives = append(out.positives, answer.Coverage)
		var ids []string
		for _, r := range answer.Results {
			ids = append(ids, r.ID)
		}
		out.All.add(ids, q.Evidence)
		of(out.ByCategory, q.Category).add(ids, q.Evidence)
		of(out.ByLang, q.Lang).add(ids, q.Evidence)
		found, err := plain.Find(ctx, q.Text, depth)
		if err != nil {
			return err
		}
		out.Baseline.add(found, q.Evidence)
	}
	return nil
}

func of(m map[string]*Figures, key string) *Figures {
	if m[key] == nil {
		m[key] = &Figures{}
	}
	return m[key]
}

func askedAt(d *Dialogue, q *Question) time.Time {
	if !q.At.IsZero() || len(d.Said) == 0 {
		return q.At
	}
	return d.Said[len(d.Said)-1].At.Add(24 * time.Hour)
}

// others asks the questions of the next dialogue, which this memory can't
// answer, for the gate. Names are left as they are.
func (out *Outcome) others(ctx context.Context, m *memory.Memory, o memory.Owner, sets []Dialogue, i int) error {
	if len(sets) < 2 {
		return nil
	}
	for _, q := range sets[(i+1)%len(sets)].Questions {
		if len(q.Evidence) == 0 || q.Category == notStored {
			continue
		}
		answer, err := m.Find(ctx, o, memory.Question{Text: q.Text, Lang: q.Lang, At: askedAt(&sets[i], &q)})
		if err != nil {
			return err
		}
		out.negatives = append(out.negatives, answer.Coverage)
	}
	return nil
}

// Quantile returns the q-quantile of durations.
func Quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// String prints the outcome as a table.
func (out *Outcome) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %-34s %s\n", "FTS5 as it comes", out.Baseline)
	fmt.Fprintf(&b, "  %-34s %s\n", "memory, no model", out.All)
	for _, list := range []map[string]*Figures{out.ByCategory, out.ByLang} {
		if len(list) < 2 {
			continue
		}
		keys := make([]string, 0, len(list))
		for k := range list {
			if k != "" {
				keys = append(keys, k)
			}
		}
		slices.SortFunc(keys, cmp.Compare[string])
		for _, k := range keys {
			fmt.Fprintf(&b, "    %-32s %s\n", k, list[k])
		}
	}
	fmt.Fprintf(&b, "  importance AUC %.3f   gate AUC %.3f   pass: in chat %.0f%% of answerable, %.0f%% of others; when asked %.0f%%, %.0f%%\n",
		out.Importance, out.Gate, 100*out.GatePass["chat"][0], 100*out.GatePass["chat"][1], 100*out.GatePass["asked"][0], 100*out.GatePass["asked"][1])
	fmt.Fprintf(&b, "  recall p50 %s  p95 %s\n", Quantile(out.Find, .5).Round(10*time.Microsecond), Quantile(out.Find, .95).Round(10*time.Microsecond))
	return b.String()
}
