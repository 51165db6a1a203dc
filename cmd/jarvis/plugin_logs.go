package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// loggedLine is a line of a plugin as the host's API tells it.
type loggedLine struct {
	N       uint64         `json:"n"`
	Time    time.Time      `json:"time"`
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Fields  map[string]any `json:"fields"`
}

// logsPage is some of them.
type logsPage struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"next"`
}

const (
	logLines   = 50
	mostLines  = 200 // that one request is answered with
	followEach = 500 * time.Millisecond
)

func pluginLogsCommand() command {
	c := command{
		name: "plugin logs", args: "NAME [-f] [-n LINES] [--url URL] [--key-file FILE] [--json]",
		summary: "print what a plugin of a running host logged or printed last, also before the host was started again; secrets are replaced",
		example: "  jarvis plugin logs weather\n  jarvis plugin logs weather -f             # until Ctrl-C, also while the host restarts\n" +
			"  jarvis plugin logs weather --json -n 200 | jq 'select(.level == \"error\")'",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		f := logReader{p: p}
		f.r.register(p, fs)
		fs.BoolVar(&f.follow, "f", false, "go on with what it logs from now on")
		fs.BoolVar(&f.asJSON, "json", false, "print JSON, one object a line")
		n := fs.Int("n", logLines, fmt.Sprintf("print the last `LINES`, 1 to %d", mostLines))
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		if *n < 1 || *n > mostLines {
			return usageError("-n is %d, expected 1 to %d", *n, mostLines)
		}
		f.path = "/v1/plugins/" + url.PathEscape(rest[0]) + "/logs"
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		if err := f.read(ctx, "?limit="+strconv.Itoa(*n)); err != nil {
			return fmt.Errorf("plugin %q: %w", rest[0], err)
		}
		if f.follow {
			return f.goOn(ctx)
		}
		return nil
	}
	return c
}

// logReader prints lines and remembers where they go on.
type logReader struct {
	p              *program
	r              remote
	path, next     string
	last           uint64
	follow, asJSON bool
}

func (f *logReader) read(ctx context.Context, query string) error {
	var page logsPage
	if err := f.r.request(ctx, http.MethodGet, f.path+query, nil, &page); err != nil {
		return err
	}
	f.next = page.Next
	for _, raw := range page.Items {
		var l loggedLine
		if err := json.Unmarshal(raw, &l); err != nil {
			return fmt.Errorf("read line of the log: %w", err)
		}
		f.print(raw, l)
	}
	return nil
}

func (f *logReader) print(raw []byte, l loggedLine) {
	if missed := l.N - f.last - 1; f.last > 0 && l.N > f.last && missed > 0 {
		fmt.Fprintf(f.p.stderr, "* %d lines came too fast and are not kept any more\n", missed)
	}
	f.last = l.N
	if f.asJSON {
		fmt.Fprintf(f.p.stdout, "%s\n", raw)
		return
	}
	fmt.Fprintln(f.p.stdout, printable(l.text()))
}

// text is a line for people; lines of a stack stay below each other.
func (l loggedLine) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-5s %s", l.Time.Local().Format("2006-01-02 15:04:05.000"), strings.ToUpper(l.Level), l.Message)
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		b.WriteString(" " + name + "=" + fieldText(l.Fields[name]))
	}
	return b.String()
}

// fieldText is the value of a field: a word as it is, a stack below, else as JSON.
func fieldText(v any) string {
	text, ok := v.(string)
	switch {
	case ok && strings.Contains(text, "\n"):
		return "\n" + text
	case ok && text != "" && !strings.ContainsAny(text, " \"="):
		return text
	}
	raw, _ := json.Marshal(v) // it was JSON before
	return string(raw)
}

// goOn prints what comes until it is interrupted. A host that does not answer is
// waited for.
func (f *logReader) goOn(ctx context.Context) error {
	gone := false
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(followEach):
		}
		err := f.read(ctx, "?limit="+strconv.Itoa(mostLines)+"&after="+url.QueryEscape(f.next))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !gone {
			fmt.Fprintf(f.p.stderr, "* waiting for the host: %v\n", err)
		}
		gone = err != nil
	}
}
