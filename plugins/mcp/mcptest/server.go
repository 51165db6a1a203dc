// Package mcptest is a scripted server that speaks the Model Context Protocol,
// for tests: in every way that a real one may be good or bad.
package mcptest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Large is how many bytes the tool large answers with.
const Large = 300 << 10

const (
	noArguments = `{"type":"object","properties":{}}`
	oneNote     = `{"type":"object","properties":{"text":{"type":"string","description":"What to write"}},"required":["text"]}`
)

// New returns a server whose notes are its own.
func New() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1"}, &mcp.ServerOptions{
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{ListChanged: true}},
	})
	var notes []string
	reads, adds := &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: new(false)}, &mcp.ToolAnnotations{DestructiveHint: new(false)}
	add := func(name, description, schema string, a *mcp.ToolAnnotations, f func(ctx context.Context, r *mcp.CallToolRequest, text string) *mcp.CallToolResult) {
		s.AddTool(&mcp.Tool{Name: name, Description: description, InputSchema: json.RawMessage(schema), Annotations: a},
			func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				var in struct {
					Text string `json:"text"`
				}
				if err := json.Unmarshal(r.Params.Arguments, &in); err != nil {
					return nil, err
				}
				return f(ctx, r, in.Text), nil
			})
	}
	add("list-notes", "List all notes", noArguments, reads, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
		return &mcp.CallToolResult{
			Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf("%d notes: %s", len(notes), strings.Join(notes, ", "))}},
		}
	})
	add("add_note", "Write a note", oneNote, adds, func(_ context.Context, _ *mcp.CallToolRequest, text string) *mcp.CallToolResult {
		notes = append(notes, text)
		return said("written: " + text)
	})
	add("wipe_notes", "Delete all notes", oneNote, nil, func(_ context.Context, _ *mcp.CallToolRequest, text string) *mcp.CallToolResult {
		notes = nil
		return said("wiped because " + text)
	})
	add("environment", "Tell the environment", noArguments, reads, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
		return said(fmt.Sprintf("pid=%d\n%s", os.Getpid(), strings.Join(os.Environ(), "\n")))
	})
	add("large", "Answer with too much", noArguments, reads, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
		return said(strings.Repeat("é", Large/2))
	})
	add("fail", "Fail with a reason", noArguments, reads, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
		r := said("the shelf is empty")
		r.IsError = true
		return r
	})
	add("picture", "Show a picture", noArguments, reads, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
		return &mcp.CallToolResult{Content: []mcp.Content{
			&mcp.TextContent{Text: "here"}, &mcp.ImageContent{MIMEType: "image/png", Data: []byte("12345")},
			&mcp.EmbeddedResource{Resource: &mcp.ResourceContents{URI: "file:///a", Text: "inside"}},
		}, StructuredContent: map[string]any{"shown": 1}}
	})
	add("learn", "Learn another tool", noArguments, reads, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
		add("learned", "A tool that was not there", noArguments, reads, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
			return said("new")
		})
		return said("learned")
	})
	add("wait", "Tell how far it is, then wait for ever", noArguments, reads, func(ctx context.Context, r *mcp.CallToolRequest, _ string) *mcp.CallToolResult {
		if token := r.Params.GetProgressToken(); token != nil {
			_ = r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Progress: 1, Total: 4, Message: "a quarter"})
		}
		<-ctx.Done()
		return said("stopped")
	})
	add("die", "End the server", noArguments, nil, func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult {
		fmt.Fprintln(os.Stderr, "out of ink")
		os.Exit(3) //nolint:forbidigo // that is what it is for
		return nil
	})
	add("Odd.Name-of Tool", "Do\u202e what\u200b\x07 is\nodd "+strings.Repeat("word ", 400), noArguments, nil,
		func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult { return said("odd") })
	add("elsewhere", "Has its schema elsewhere", `{"type":"object","properties":{"a":{"$ref":"https://elsewhere.example/schema"}}}`, reads,
		func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult { return said("elsewhere") })
	add("huge", "Has too large a schema", `{"type":"object","properties":{"a":{"enum":["`+strings.Repeat("x", 40<<10)+`"]}}}`, reads,
		func(context.Context, *mcp.CallToolRequest, string) *mcp.CallToolResult { return said("huge") })
	return s
}

func said(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

// Handler serves one server to all over streamable HTTP, until closed.
func Handler() (h http.Handler, closeAll func()) {
	s := New()
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, nil), func() {
		for session := range s.Sessions() {
			_ = session.Close()
		}
	}
}

// Main serves the standard streams until they end. Its first argument may make
// it worse: chatty prints before the protocol, mute never answers, crash ends
// at once.
func Main(args []string) {
	mode := ""
	if len(args) > 0 {
		mode = args[0]
	}
	switch mode {
	case "chatty":
		fmt.Fprintln(os.Stdout, "Starting up...")
		fmt.Fprintln(os.Stderr, "ready")
	case "mute":
		_, _ = bufio.NewReader(os.Stdin).ReadString(0)
		return
	case "crash":
		fmt.Fprintln(os.Stderr, "no ink at all")
		os.Exit(4) //nolint:forbidigo // that is what it is for
	}
	if err := New().Run(context.Background(), &mcp.StdioTransport{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
