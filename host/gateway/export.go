package gateway

import (
	"bufio"
	"context"
	"net/http"
	"strings"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// The formats of an export.
const (
	formatJSON     = "json"
	formatMarkdown = "markdown"
)

// exportSessions answers GET /v1/export/sessions with all of the end user's
// conversations, or with one, as a file. It is written while it is read, so its
// size does not matter; what fails half way cuts the answer off, which no client
// takes for a whole one.
func (s *Server) exportSessions(x *exchange) error {
	ctx, done := x.whileGood(x.r.Context())
	defer done()
	x.r = x.r.WithContext(ctx)
	q := x.r.URL.Query()
	format := q.Get("format")
	if format == "" {
		format = formatJSON
	}
	if format != formatJSON && format != formatMarkdown {
		return protocol.BadValue("format", format, formatJSON+", "+formatMarkdown)
	}
	e := &export{x: x, who: x.identity(), w: bufio.NewWriterSize(x, 32<<10)}
	first, next, err := e.find(q.Get("session"))
	if err != nil {
		return err
	}
	e.begin(format)
	write := e.json
	if format == formatMarkdown {
		write = e.markdown
	}
	err = write(first, next)
	if err == nil {
		err = e.w.Flush()
	}
	if err != nil {
		s.log.Warn("export cut off", keyRequest, x.id, keyError, err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// export is one file on its way out.
type export struct {
	x   *exchange
	who session.Identity
	w   *bufio.Writer
}

// find returns the first page of sessions: the one with an id, or all.
func (e *export) find(id string) (first []session.Meta, next string, err error) {
	if id == "" {
		return e.x.s.o.Sessions.Sessions(e.x.r.Context(), e.who, "", maxLimit)
	}
	if p := protocol.CheckID("session", id); p != nil {
		return nil, "", p
	}
	m, err := e.x.s.o.Sessions.Session(e.x.r.Context(), e.who, id)
	return []session.Meta{m}, "", err
}

func (e *export) begin(format string) {
	h, name, kind := e.x.Header(), "jarvis-sessions.json", "application/json"
	if format == formatMarkdown {
		name, kind = "jarvis-sessions.md", "text/markdown; charset=utf-8"
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	e.x.WriteHeader(http.StatusOK)
}

// each calls do for every session. A session that is deleted meanwhile is left
// out, unless it had begun.
func (e *export) each(items []session.Meta, next string, do func(session.Meta) error) error {
	for {
		for _, m := range items {
			if err := do(m); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		var err error
		if items, next, err = e.x.s.o.Sessions.Sessions(e.x.r.Context(), e.who, next, maxLimit); err != nil {
			return err
		}
	}
}

func (e *export) messages(id string, do func(turn.Message) error) error {
	after := ""
	for {
		items, next, err := e.x.s.o.Sessions.Messages(e.x.r.Context(), e.who, id, after, maxLimit)
		if err != nil {
			return err
		}
		for _, m := range items {
			if err := do(m); err != nil {
				return err
			}
		}
		if e.x.r.Context().Err() != nil {
			return context.Cause(e.x.r.Context())
		}
		if after = next; next == "" {
			return nil
		}
	}
}

// json writes {"exported", "sessions": [a session with its messages, ...]}.
func (e *export) json(first []session.Meta, next string) error {
	_, _ = e.w.WriteString(`{"exported":"` + stamp(e.x.s.now()) + `","sessions":[`) // an error stays until Flush
	between := ""
	err := e.each(first, next, func(m session.Meta) error {
		head := encode(sessionOf(m))
		_, _ = e.w.WriteString(between + "\n" + string(head[:len(head)-1]) + `,"messages":[`)
		between = ","
		inner := ""
		err := e.messages(m.ID, func(m turn.Message) error {
			_, err := e.w.WriteString(inner + "\n  " + string(encode(messageOf(m))))
			inner = ","
			return err
		})
		_, _ = e.w.WriteString("]}")
		return err
	})
	_, _ = e.w.WriteString("\n]}\n")
	return err
}

// markdown writes the sessions to be read by people.
func (e *export) markdown(first []session.Meta, next string) error {
	names := map[turn.MessageRole]string{
		turn.FromUser:      e.x.s.o.Words(e.x.lang, "export.user"),
		turn.FromAssistant: e.x.s.o.Words(e.x.lang, "export.assistant"),
	}
	return e.each(first, next, func(m session.Meta) error {
		title := strings.Join(strings.Fields(m.Title), " ")
		_, _ = e.w.WriteString("# " + title + "\n\n" + stamp(m.Created) + " · `" + m.ID + "`\n")
		err := e.messages(m.ID, func(m turn.Message) error {
			_, err := e.w.WriteString("\n**" + names[m.Role] + "** · " + stamp(m.At) + suffix(m.State) + "\n\n" + m.Text + "\n")
			return err
		})
		_, _ = e.w.WriteString("\n---\n\n")
		return err
	})
}

// suffix tells how an answer ended that did not end well.
func suffix(state turn.Outcome) string {
	if state == "" || state == turn.Answered {
		return ""
	}
	return " · " + string(state)
}
