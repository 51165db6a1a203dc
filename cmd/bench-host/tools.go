package main

import "context"

// status is a tool of a plugin that only reads.
const status = "hangman__status"

// toolStep is what a call of a plugin's tool adds to a turn: the model is asked
// twice, by the floor too, which has no tool.
func (b *bench) toolStep(ctx context.Context) ([]goal, error) {
	var wall, cpu [2][]float64
	plain := load{clients: 1, order: order{tokens: 4}, temporary: true}
	step := plain
	step.order.tool = status
	err := b.turns(func(p *process, host bool) error {
		without, err := b.talk(ctx, p, plain)
		if err != nil {
			return err
		}
		with, err := b.talk(ctx, p, step)
		i := index(host)
		wall[i] = append(wall[i], micros(median(with.firsts)-median(without.firsts)))
		cpu[i] = append(cpu[i], perAnswer(with)-perAnswer(without))
		return err
	})
	return []goal{
		against(goal{id: "T1", what: "a tool step, first token later by", unit: "us", note: "asking the model again, and in the host a plugin's call"}, wall[0], wall[1]),
		against(goal{id: "T1", what: "a tool step, CPU", unit: "us", note: "of the host; the plugin's own is not in it"}, cpu[0], cpu[1]),
	}, err
}

func perAnswer(h heard) float64 { return micros(h.cpu) / float64(max(1, h.answers)) }
