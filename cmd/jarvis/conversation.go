package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// conversation is one run of the terminal client. It is used by one goroutine.
type conversation struct {
	p    *program
	o    chatOptions
	t    wording
	link *link

	session  string
	said     int             // utterances so far, for their ids
	last     string          // the last of them
	open     int             // utterances whose turn has not ended
	unheard  []protocol.Say  // sent, and not accepted so far
	typed    bool            // a person types; else the input is a file or a pipe
	seq      int64           // of the last durable frame
	turn     string          // the running turn, empty when none runs
	written  int             // code points of its answer on the screen
	begun    map[string]bool // turns that were accepted and have not ended
	inLine   bool            // the screen's last line is not ended
	question *protocol.Question
	notices  map[string]bool // shown and not acknowledged; true: still to be
}

// once says one thing and waits for the end of its turn.
func (c *conversation) once(ctx context.Context) error {
	if err := c.say(c.o.message); err != nil {
		return err
	}
	for {
		select {
		case s := <-c.p.signals:
			return &exitError{code: signalCode(s)}
		case f, ok := <-c.link.frames:
			if !ok {
				return fmt.Errorf("connection lost: %w", c.link.err())
			}
			done, err := c.show(f)
			if err != nil {
				return err
			}
			if done != nil {
				return outcome(done)
			}
			if c.question != nil {
				return fmt.Errorf("%s: %s", c.t["needs_answer"], c.question.Text)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func outcome(d *protocol.Done) error {
	if d.State != "answered" {
		return &exitError{code: exitFailed}
	}
	return nil
}

// talk reads lines and shows frames until the input or the connection ends. A
// person may type while an answer runs; lines of a file wait for their turn.
func (c *conversation) talk(ctx context.Context) error {
	all := c.lines()
	for {
		lines := all
		if !c.typed && c.open > 0 && c.question == nil {
			lines = nil
		}
		select {
		case line, ok := <-lines:
			if !ok {
				all = nil
				if c.open == 0 {
					return nil
				}
				continue
			}
			if err := c.line(line); err != nil {
				return err
			}
		case s := <-c.p.signals:
			if c.open == 0 {
				fmt.Fprintln(c.p.stdout)
				return &exitError{code: signalCode(s)}
			}
			if err := c.link.send(protocol.Stop{Type: protocol.TypeStop, Session: c.session}); err != nil {
				return err
			}
		case f, ok := <-c.link.frames:
			if !ok {
				if err := c.again(ctx); err != nil {
					return err
				}
				continue
			}
			done, err := c.show(f)
			if err != nil {
				return err
			}
			if done != nil && all == nil && c.open == 0 {
				return nil
			}
			if done != nil {
				c.prompt()
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// prompt is what stands before the line that a person types.
const prompt = "> "

func (c *conversation) prompt() {
	if c.typed {
		fmt.Fprint(c.p.stdout, prompt)
	}
}

// lines reads the input in a goroutine that ends with it.
func (c *conversation) lines() <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		sc := bufio.NewScanner(c.p.stdin)
		sc.Buffer(nil, protocol.MaxFrame)
		for sc.Scan() {
			out <- sc.Text()
		}
	}()
	return out
}

func (c *conversation) line(line string) error {
	line = strings.TrimSpace(line)
	if err := c.seen(); err != nil {
		return err
	}
	if line == "" {
		if c.open == 0 {
			c.prompt()
		}
		return nil
	}
	if q := c.question; q != nil {
		c.question = nil
		raw, err := json.Marshal(optionValue(q, line))
		if err != nil {
			return fmt.Errorf("encode reply: %w", err)
		}
		if q.Kind != "confirm" {
			return c.link.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: raw})
		}
	}
	return c.say(line)
}

// optionValue is the option that a line names by its number, or the line.
func optionValue(q *protocol.Question, line string) string {
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(q.Options) {
		return q.Options[n-1].Value
	}
	return line
}

func (c *conversation) say(text string) error {
	c.said++
	c.open++
	c.last = text
	say := protocol.Say{
		Type: protocol.TypeSay, ID: fmt.Sprintf("t%d-%s", c.said, c.link.id), Text: text,
		Session: c.session, Lang: c.o.lang,
	}
	c.unheard = append(c.unheard, say)
	if err := c.link.send(say); err != nil {
		c.link.close() // it is said again when there is another connection
	}
	return nil
}

// again reconnects after a lost connection, asks for what was missed, and says again
// what the host has not accepted: under its id, so that nothing happens twice.
func (c *conversation) again(ctx context.Context) error {
	lost := c.link.err()
	if c.session == "" && len(c.unheard) == 0 {
		return fmt.Errorf("connection lost: %w", lost)
	}
	fmt.Fprintf(c.p.stderr, "\n%s\n", c.t["reconnecting"])
	link, err := c.o.remote.redial(ctx, c.p)
	if err != nil {
		return fmt.Errorf("connection lost: %w", err)
	}
	c.link = link
	if c.session != "" {
		err = link.send(protocol.Resume{
			Type: protocol.TypeResume, Session: c.session, After: c.seq, Turn: c.turn, Offset: c.written,
		})
	}
	for _, say := range c.unheard {
		err = errors.Join(err, link.send(say))
	}
	if err != nil {
		link.close() // and so once more
	}
	return nil
}

// show prints a frame; it returns the done frame of the turn that ended.
func (c *conversation) show(f frame) (*protocol.Done, error) {
	if f.Seq > 0 && f.Seq <= c.seq {
		return nil, nil // seen before: what was said again is accepted again
	}
	c.seq = max(c.seq, f.Seq)
	switch f.Type {
	case protocol.TypeHello:
		var h protocol.Hello
		if err := f.into(&h); err != nil {
			return nil, err
		}
		c.hello(h)
	case protocol.TypeAccepted:
		c.accepted(f)
	case protocol.TypeDelta:
		var d protocol.Delta
		if err := f.into(&d); err != nil {
			return nil, err
		}
		if d.Turn != c.turn {
			c.turn, c.written = d.Turn, 0
		}
		c.write(d.Offset, d.Text)
	case protocol.TypeProgress:
		var p protocol.Progress
		if err := f.into(&p); err != nil {
			return nil, err
		}
		if !c.o.json {
			c.newline()
			fmt.Fprintf(c.p.stderr, "… %s\n", printable(p.Text))
		}
	case protocol.TypeTool:
		var t protocol.Tool
		if err := f.into(&t); err != nil {
			return nil, err
		}
		if t.State != "running" && !c.o.json {
			c.newline()
			fmt.Fprintf(c.p.stderr, "%s\n", strings.TrimSpace("· "+t.Plugin+"."+t.Tool+" "+c.t["tool_"+t.State]+" "+t.Summary))
		}
	case protocol.TypeQuestion:
		var q protocol.Question
		if err := f.into(&q); err != nil {
			return nil, err
		}
		c.ask(&q)
	case protocol.TypeDone:
		var d protocol.Done
		if err := f.into(&d); err != nil {
			return nil, err
		}
		if !c.begun[d.Turn] && d.Turn != c.turn {
			return nil, c.aside(d)
		}
		delete(c.begun, d.Turn)
		return &d, c.done(d)
	case protocol.TypeError:
		var e protocol.Error
		if err := f.into(&e); err != nil {
			return nil, err
		}
		return nil, c.refused(e)
	case protocol.TypeNotice:
		var n protocol.Notice
		if err := f.into(&n); err != nil {
			return nil, err
		}
		c.notice(n)
	case protocol.TypeDraining:
		fmt.Fprintf(c.p.stderr, "%s\n", c.t["draining"])
	}
	return nil, nil
}

func (c *conversation) hello(h protocol.Hello) {
	if c.o.message != "" || c.o.json {
		return
	}
	model := c.t["no_model"]
	if h.Model != nil {
		model = *h.Model
	}
	fmt.Fprintf(c.p.stderr, "Jarvis %s · %s · %s\n%s\n", h.Version, h.User, model, c.t["hint"])
	c.prompt()
}

// accepted notes whose turn an utterance became. One that joined the running
// turn opens none of its own.
func (c *conversation) accepted(f frame) {
	c.session = f.Session
	var accepted protocol.Accepted
	if f.into(&accepted) == nil {
		c.unheard = slices.DeleteFunc(c.unheard, func(s protocol.Say) bool { return s.ID == accepted.ID })
	}
	if c.begun == nil {
		c.begun = map[string]bool{}
	}
	c.begun[f.Turn] = true
	if f.Turn == c.turn {
		c.open = max(c.open-1, 1)
		return
	}
	if c.turn == "" {
		c.turn, c.written = f.Turn, 0
	}
}

// write prints the part of a text that is not on the screen yet.
func (c *conversation) write(offset int, text string) {
	r := []rune(text)
	skip := max(c.written-offset, 0)
	if c.o.json || offset > c.written || skip >= len(r) {
		return
	}
	fmt.Fprint(c.p.stdout, printable(string(r[skip:])))
	c.written = offset + len(r)
	c.inLine = r[len(r)-1] != '\n'
}

// newline ends the line that the answer stands in, if it stands in one.
func (c *conversation) newline() {
	if c.inLine {
		fmt.Fprintln(c.p.stdout)
		c.inLine = false
	}
}

func (c *conversation) ask(q *protocol.Question) {
	c.question = q
	if c.o.message != "" {
		return
	}
	c.newline()
	fmt.Fprintln(c.p.stdout, printable(q.Text))
	for i, o := range q.Options {
		fmt.Fprintf(c.p.stdout, "  %d. %s\n", i+1, printable(o.Label))
	}
	c.prompt()
}

func (c *conversation) done(d protocol.Done) error {
	if c.o.json {
		return json.NewEncoder(c.p.stdout).Encode(d)
	}
	if d.Turn != c.turn {
		c.written = 0
	}
	c.write(0, d.Text)
	c.newline()
	if note := c.t["state_"+d.State]; note != "" && d.State != "failed" {
		fmt.Fprintln(c.p.stderr, note)
	}
	if d.Degraded && d.Source == string(turn.SourceHost) && c.o.unanswered != nil {
		fmt.Fprint(c.p.stderr, printable(c.o.unanswered(d.Lang, c.last)))
	}
	c.turn, c.written, c.question = "", 0, nil
	c.open = max(c.open-1, 0)
	return nil
}

// aside shows a turn that nobody began: a plugin has something to say. What runs goes
// on as if it was not there.
func (c *conversation) aside(d protocol.Done) error {
	if c.o.json {
		return json.NewEncoder(c.p.stdout).Encode(d)
	}
	c.newline()
	if c.o.message != "" { // standard output is the answer's
		fmt.Fprintln(c.p.stderr, printable(d.Text))
		return nil
	}
	fmt.Fprintln(c.p.stdout, printable(d.Text))
	if c.open == 0 {
		c.prompt()
	}
	return nil
}

// refused shows an error frame: the end of a single utterance, a line to go on
// from in a conversation.
func (c *conversation) refused(e protocol.Error) error {
	if c.o.message != "" {
		return errors.New(e.Message)
	}
	fmt.Fprintln(c.p.stderr, printable(e.Message))
	c.open = max(c.open-1, 0)
	c.prompt()
	return nil
}
