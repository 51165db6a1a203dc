package talk

import (
	"context"
	"encoding/json"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/turn"
)

// waiting is a question as it outlives the host: whether to forget what was
// shown, or which of two facts holds, older first; by id.
type waiting struct {
	Forget []string   `json:"forget,omitempty"`
	Doubt  *[2]string `json:"doubt,omitempty"`
	Lang   string     `json:"lang"`
}

// maxWaiting is of how many items a question outlives the host. Who wants more
// than that forgotten is asked again.
const maxWaiting = 2000

func freeze(w waiting) []byte {
	if len(w.Forget) > maxWaiting {
		return nil
	}
	raw, _ := json.Marshal(w) // strings
	return raw
}

// Resume goes on with a question that waited while the host was stopped; ok is
// false for one that is not memory's. What was shown and is still there is
// forgotten when the end user agrees, and nothing else.
func (k *Talk) Resume(ctx context.Context, t *turn.Turn, from turn.Resumed, yield func(turn.Event) bool) (done turn.Done, ok bool) {
	var w waiting
	if json.Unmarshal(from.State, &w) != nil || len(w.Forget) == 0 && w.Doubt == nil {
		return turn.Done{}, false
	}
	r, err := k.begin(t, w.Lang, t.Text, yield)
	if err != nil {
		return turn.Done{}, false
	}
	if w.Doubt != nil {
		err = r.resettle(ctx, *w.Doubt, from.Reply)
		k.count("edit", err)
	} else {
		err = r.resume(ctx, w.Forget, from.Reply)
		k.count("forget", err)
	}
	if err != nil {
		r.fail(ctx, err)
	}
	return r.done, true
}

func (r *reply) resettle(ctx context.Context, ids [2]string, answer turn.Reply) error {
	facts, err := r.Memory.Facts(ctx, r.owner, memory.FactFilter{IDs: ids[:]})
	if err != nil {
		return err
	}
	var d memory.Doubt
	for _, f := range facts {
		if f.ID == ids[0] {
			d.Older = f
		} else {
			d.Newer = f
		}
	}
	return r.settle(ctx, d, answer)
}

func (r *reply) resume(ctx context.Context, ids []string, answer turn.Reply) error {
	chosen := &memory.Selected{}
	var err error
	if chosen.Episodes, err = r.Memory.Episodes(ctx, r.owner, memory.EpisodeFilter{IDs: ids, Faded: true}); err != nil {
		return err
	}
	if chosen.Facts, err = r.Memory.Facts(ctx, r.owner, memory.FactFilter{IDs: ids, Past: true, Faded: true}); err != nil {
		return err
	}
	return r.forgetAgreed(ctx, chosen, answer)
}
