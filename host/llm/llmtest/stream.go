package llmtest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
)

const (
	stormSize = 50
	hugeLine  = 100 << 20
)

// stream sends the answer line by line.
func (a *answer) stream(ctx context.Context) {
	a.w.Header().Set("Content-Type", a.voice.kind())
	middle := (len(a.lines) + 1) / 2
	if a.rule.Fault == LyingDone {
		middle = min(1, len(a.lines))
	}
	if !a.send(ctx, a.lines[:middle]) || !a.disturb(ctx) {
		return
	}
	if a.send(ctx, a.lines[middle:]) && a.step(ctx) {
		a.end()
	}
}

// send writes lines; false means that no one reads on.
func (a *answer) send(ctx context.Context, lines []line) bool {
	for _, l := range lines {
		if !a.step(ctx) || !a.raw(a.voice.piece(a.stamp(l))) {
			return false
		}
	}
	return true
}

// step waits for the next line's time.
func (a *answer) step(ctx context.Context) bool {
	if a.sent > 0 {
		if !a.wait(ctx, a.rule.Step) {
			return false
		}
		if a.rule.TokensPerSecond > 0 {
			a.s.pace(ctx, time.Duration(float64(time.Second)/a.rule.TokensPerSecond))
		}
	}
	return ctx.Err() == nil && !a.s.closed()
}

// raw writes bytes and sees to it that they leave.
func (a *answer) raw(b []byte) bool {
	a.sent++
	if _, err := a.w.Write(b); err != nil {
		return false
	}
	return http.NewResponseController(a.w).Flush() == nil
}

// disturb does what goes wrong in the middle; false means that it was the end.
func (a *answer) disturb(ctx context.Context) bool {
	switch a.rule.Fault {
	case StallMid:
		_ = http.NewResponseController(a.w).Flush() // the header at least
		a.stall(ctx)
		return false
	case CutMid:
		a.raw(a.half())
		panic(http.ErrAbortHandler) // the only way to end a response uncleanly
	case LyingDone:
		lie := a.finished()
		lie.EvalCount, lie.PromptEvalCount = 1_000_000, 1_000_000
		return a.raw(a.voice.last(lie))
	case HugeLine:
		a.huge(ctx)
		return false
	case Endless:
		a.endless(ctx)
		return false
	default:
		return true
	}
}

// end closes the answer as the fault has it.
func (a *answer) end() {
	switch a.rule.Fault {
	case NoEnd:
	case HalfJSON:
		a.raw(append(a.half(), '\n'))
	case ErrorLine:
		a.raw(a.voice.fault("an error was encountered while running the model: unexpected EOF"))
	default:
		a.raw(a.voice.last(a.finished()))
	}
	a.ended = true
}

// half is the first half of a line.
func (a *answer) half() []byte {
	raw := a.voice.piece(a.stamp(line{Message: lineMessage{Content: "half"}}))
	return raw[:len(raw)/2]
}

func (a *answer) endless(ctx context.Context) {
	lines := a.lines
	if len(lines) == 0 {
		lines = []line{{Message: lineMessage{Content: "tick "}}}
	}
	for a.send(ctx, lines) {
	}
}

func (a *answer) huge(ctx context.Context) {
	part := []byte(strings.Repeat("a", 64<<10))
	begin, end := a.voice.huge()
	ok := a.raw([]byte(begin))
	for n := 0; ok && n < hugeLine && ctx.Err() == nil && !a.s.closed(); n += len(part) {
		ok = a.raw(part)
	}
	if ok {
		a.raw([]byte(end))
	}
}

// call is a tool call as the server sends it, with an id of its own.
func (s *Server) call(c llm.ToolCall, index int) lineCall {
	out := lineCall{ID: c.ID, Function: lineFunction{Index: index, Name: c.Name, Arguments: c.Arguments}}
	if len(out.Function.Arguments) == 0 {
		out.Function.Arguments = json.RawMessage(`{}`)
	}
	if out.ID == "" {
		s.mu.Lock()
		s.calls++
		n := strconv.FormatInt(int64(s.calls), 36)
		s.mu.Unlock()
		out.ID = "call_" + strings.Repeat("0", max(8-len(n), 0)) + n
	}
	return out
}

// storm is far too many calls of the first tool on offer.
func (s *Server) storm(q Request) []lineCall {
	c := llm.ToolCall{Name: "storm"}
	if len(q.Tools) > 0 {
		c.Name = q.Tools[0].Name
	}
	var calls []lineCall
	for i := range stormSize {
		c.Arguments = json.RawMessage(`{"n":` + strconv.Itoa(i) + `}`)
		calls = append(calls, s.call(c, i))
	}
	return calls
}
