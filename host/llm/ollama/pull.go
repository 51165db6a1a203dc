package ollama

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// Progress is how far a pull has come.
type Progress struct {
	// Status is what the server does now, in its own words.
	Status string
	// Done and Total are bytes of all that is known of by now; a pull learns of
	// its parts one after the other.
	Done, Total int64
}

// Pull makes the server get a model, and tells how far it has come. Leaving the
// loop or cancelling ctx ends the pull; another one goes on where it was. Errors
// are as [llm.Provider].Stream has them.
func (p *Provider) Pull(ctx context.Context, model string) iter.Seq2[Progress, error] {
	return func(yield func(Progress, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		resp, err := p.client.Send(ctx, remote.Call{Path: "/api/pull", Model: model, Body: struct {
			Model  string `json:"model"`
			Stream bool   `json:"stream"`
		}{model, true}})
		if err != nil {
			yield(Progress{}, err)
			return
		}
		defer func() { cancel(); _ = resp.Body.Close() }()
		d := &download{p: p, lines: remote.NewLines(resp.Body), layers: map[string]layer{}}
		for {
			now, done, err := d.next(ctx)
			if !yield(now, err) || err != nil || done {
				return
			}
		}
	}
}

// download adds up the layers of a pull.
type download struct {
	p      *Provider
	lines  *remote.Lines
	layers map[string]layer // by digest
}

type layer struct{ done, total int64 }

func (d *download) next(ctx context.Context) (now Progress, done bool, err error) {
	line, err := d.lines.Next()
	switch {
	case err != nil && ctx.Err() != nil:
		return now, false, fmt.Errorf("pull: %w", context.Cause(ctx))
	case errors.Is(err, io.EOF):
		return now, false, d.fail(llm.Interrupted, "the pull ended before it was complete; another one goes on where it was", nil)
	case err != nil:
		return now, false, d.fail(llm.Interrupted, "the connection broke off", err)
	}
	var step struct {
		Status    string         `json:"status"`
		Digest    string         `json:"digest"`
		Total     int64          `json:"total"`
		Completed int64          `json:"completed"`
		Error     jsontext.Value `json:"error"`
	}
	if err := json.Unmarshal(line, &step, remote.Lenient); err != nil {
		return now, false, d.fail(llm.Internal, "a line of the pull is malformed", err)
	}
	if f, bad := remote.FaultOf(step.Error); bad {
		return now, false, d.fail(llm.Refused, f.Text, nil)
	}
	if step.Digest != "" {
		d.layers[step.Digest] = layer{step.Completed, step.Total}
	}
	now.Status = step.Status
	for _, l := range d.layers {
		now.Done, now.Total = now.Done+l.done, now.Total+l.total
	}
	return now, step.Status == "success", nil
}

func (d *download) fail(c llm.Class, message string, err error) error {
	return &llm.Error{Class: c, Provider: d.p.Name(), Message: message, Err: err}
}
