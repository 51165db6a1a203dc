package eval_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/eval"
)

func TestTheHouseholdIsWhole(t *testing.T) {
	sets, err := eval.Household()
	if err != nil || len(sets) != 6 {
		t.Fatal(len(sets), err)
	}
	said, asked := 0, 0
	for _, d := range sets {
		said, asked = said+len(d.Said), asked+len(d.Questions)
		for _, q := range d.Questions {
			for _, e := range q.Evidence {
				if !slices.ContainsFunc(d.Said, func(s memory.Said) bool { return s.ID == e }) {
					t.Errorf("%s: no turn %s", d.Name, e)
				}
			}
			if (len(q.Evidence) == 0) != (q.Category == "not stored" || q.Category == "another user's") {
				t.Errorf("%s: %q has %d turns of evidence", d.Name, q.Text, len(q.Evidence))
			}
		}
	}
	if said < 600 || asked < 250 {
		t.Errorf("%d turns and %d questions", said, asked)
	}
}

func TestTheHouseholdIsRemembered(t *testing.T) {
	s, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	sets, err := eval.Household()
	if err != nil {
		t.Fatal(err)
	}
	sets = []eval.Dialogue{sets[0], sets[3]} // one in each language: make bench-memory measures all
	for i := range sets {
		sets[i].Questions = sets[i].Questions[:30]
	}
	out, err := eval.Run(t.Context(), memory.New(memory.Options{Store: s}), sets, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", out)
	n := float64(out.All.Questions)
	if r := out.All.Recall10 / n; r < .85 || r < out.Baseline.Recall10/n+.05 {
		t.Errorf("R@10 is %.3f, of the baseline %.3f", r, out.Baseline.Recall10/n)
	}
	if out.Gate < .8 || out.Importance < .77 {
		t.Errorf("gate AUC %.3f, importance AUC %.3f", out.Gate, out.Importance)
	}
}

func TestTheMeasuresThemselves(t *testing.T) {
	found, evidence := []string{"a", "x", "b", "y"}, []string{"a", "b", "c"}
	if r := eval.Recall(found, evidence, 2); math.Abs(r-1.0/3) > 1e-9 {
		t.Error(r)
	}
	if g := eval.NDCG(found, evidence, 10); math.Abs(g-(1+.5)/(1+1/math.Log2(3)+.5)) > 1e-9 {
		t.Error(g)
	}
	if a := eval.AUC([]float64{3, 2}, []float64{1, 2}); a != .875 {
		t.Error(a)
	}
}

func TestLoCoMoIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "locomo.json")
	// Made up in the shape of LoCoMo's file.
	text := `[{"sample_id":"conv-0","conversation":{"speaker_a":"A","session_1_date_time":"1:56 pm on 8 May, 2023",
		"session_1":[{"speaker":"A","dia_id":"D1:1","text":"one"},{"speaker":"B","dia_id":"D1:2","text":"two"},{"speaker":"B","dia_id":"D1:3","text":" "}]},
		"qa":[{"question":"q1","evidence":["D:1:1; D1:02"],"category":4},{"question":"q2","evidence":["D9:9","x"],"category":1},{"question":"q3","evidence":[],"category":2}]}]`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sets, dropped, err := eval.LoadLoCoMo(file)
	if err != nil || len(sets) != 1 || dropped != 2 {
		t.Fatal(sets, dropped, err)
	}
	d := sets[0]
	if len(d.Said) != 2 || d.Said[0].At.Hour() != 13 || len(d.Questions) != 1 || !slices.Equal(d.Questions[0].Evidence, []string{"D1:1", "D1:2"}) {
		t.Errorf("%+v", d)
	}
}
