// Command client is a small client of a Jarvis host, as a start for your own: it
// says what it reads, a line each, shows answers as they come, answers questions
// with the next line, and goes on where it was when the connection is lost.
//
//	go run ./examples/client --url http://127.0.0.1:8080 --key-file data/operator.key
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "the host's `URL`")
	keyFile := flag.String("key-file", "data/operator.key", "`FILE` that holds your key")
	flag.Parse()
	key, err := os.ReadFile(*keyFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	c := &client{url: *url, key: strings.TrimSpace(string(key)), out: os.Stdout}
	err = c.run(ctx, os.Stdin)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// frame is what a host sends, as far as this client goes.
type frame struct {
	Type, Session, Turn, Text, State, Plugin, Tool, Question, Message string
	Seq                                                               int64
	Offset                                                            int
}

// client is one conversation.
type client struct {
	url, key string
	out      io.Writer
	conn     *websocket.Conn

	session  string
	seq      int64  // of the last durable frame
	turn     string // whose answer is being shown
	shown    int    // code points of it
	question string // that waits for an answer
	said     int
	unheard  map[string]any // what was said last, until it is accepted
}

// silence is how long nothing may come of a host, which asks more often than that
// whether somebody is there.
const silence = 90 * time.Second

// run says every line of in and waits for its answer.
func (c *client) run(ctx context.Context, in io.Reader) error {
	if err := c.dial(ctx); err != nil {
		return err
	}
	defer func() { _ = c.conn.Close() }()
	lines := bufio.NewScanner(in)
	for ctx.Err() == nil && lines.Scan() {
		c.say(strings.TrimSpace(lines.Text()))
		if err := c.listen(ctx); err != nil {
			return err
		}
	}
	return lines.Err()
}

// dial connects. The key goes into a header, never into the URL.
func (c *client) dial(ctx context.Context) error {
	d := websocket.Dialer{Subprotocols: []string{"jarvis.v1"}, HandshakeTimeout: 10 * time.Second}
	address := "ws" + strings.TrimPrefix(strings.TrimSuffix(c.url, "/"), "http") + "/ws"
	conn, answer, err := d.DialContext(ctx, address, http.Header{"Authorization": {"Bearer " + c.key}})
	if err != nil {
		if answer != nil {
			return fmt.Errorf("the host answers %s", answer.Status)
		}
		return fmt.Errorf("reach the host: %w", err)
	}
	c.conn = conn
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		_ = conn.SetReadDeadline(time.Now().Add(silence))
		return pong(data)
	})
	return nil
}

// send writes a frame. One that can't be sent ends the connection: listen connects
// anew, and sends it again.
func (c *client) send(frame map[string]any) {
	_ = c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if c.conn.WriteJSON(frame) != nil {
		_ = c.conn.Close()
	}
}

// say sends an utterance, or the answer to an open question. The same id is never
// run twice, so one that may have been lost can be sent again.
func (c *client) say(text string) {
	if c.question != "" {
		value := c.question
		c.question = ""
		c.send(map[string]any{"type": "reply", "question": value, "value": text})
		return
	}
	c.said++
	c.unheard = map[string]any{"type": "say", "id": fmt.Sprintf("line-%d", c.said), "text": text, "session": c.session}
	c.send(c.unheard)
}

// listen shows frames until the turn has ended or asks something.
func (c *client) listen(ctx context.Context) error {
	for {
		_ = c.conn.SetReadDeadline(time.Now().Add(silence))
		_, raw, err := c.conn.ReadMessage()
		if err != nil {
			if err := c.again(ctx, err); err != nil {
				return err
			}
			continue
		}
		var f frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return fmt.Errorf("read frame: %w", err)
		}
		if ended, err := c.show(f); ended || err != nil {
			return err
		}
	}
}

// again connects anew and asks for what was missed. Frames are numbered without a
// gap, and deltas have their place in the text: nothing is shown twice.
func (c *client) again(ctx context.Context, lost error) error {
	if c.session == "" && c.unheard == nil {
		return fmt.Errorf("connection lost: %w", lost)
	}
	for pause := 250 * time.Millisecond; pause < 10*time.Second; pause *= 2 {
		if err := c.dial(ctx); err == nil {
			if c.session != "" {
				c.send(map[string]any{"type": "resume", "session": c.session, "after": c.seq, "turn": c.turn, "offset": c.shown})
			}
			if c.unheard != nil {
				c.send(c.unheard)
			}
			return nil
		}
		select {
		case <-time.After(rand.N(pause)): // so that not all come back at once
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("connection lost: %w", lost)
}

func (c *client) show(f frame) (ended bool, err error) {
	if f.Seq > 0 && f.Seq <= c.seq {
		return false, nil // seen before: what was said again is accepted again
	}
	c.seq = max(c.seq, f.Seq)
	switch f.Type {
	case "accepted":
		c.session, c.turn, c.shown, c.unheard = f.Session, f.Turn, 0, nil
	case "delta":
		c.write(f.Offset, f.Text)
	case "tool":
		if f.State != "running" {
			fmt.Fprintf(c.out, "(%s.%s: %s)\n", f.Plugin, f.Tool, f.State)
		}
	case "question":
		c.question = f.Question
		fmt.Fprintln(c.out, f.Text)
		return true, nil
	case "done":
		if f.Turn != c.turn { // that nobody began: a plugin has something to say
			fmt.Fprintf(c.out, "\n(%s)\n", f.Text)
			return false, nil
		}
		c.write(0, f.Text) // the truth: what no delta has brought is in it
		fmt.Fprintln(c.out)
		return true, nil
	case "error":
		return true, errors.New(f.Message)
	}
	return false, nil
}

// write shows what of a piece of text is new.
func (c *client) write(offset int, text string) {
	runes := []rune(text)
	if skip := c.shown - offset; skip >= 0 && skip < len(runes) {
		fmt.Fprint(c.out, string(runes[skip:]))
		c.shown = offset + len(runes)
	}
}
