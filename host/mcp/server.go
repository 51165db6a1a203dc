package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// MaxBody is the most that a request may weigh, in bytes.
const MaxBody = 1 << 20

// Tool is one tool that a caller may use.
type Tool struct {
	Name        string // unique: plugin__tool
	Title       string
	Description string
	// Input and Output are JSON Schemas of type object; Output may be nil.
	Input, Output json.RawMessage
	ReadOnly      bool
	Destructive   bool
	Idempotent    bool
	OpenWorld     bool
}

// Result is what a call said and answered with.
type Result struct {
	Text string
	Data json.RawMessage // a JSON object, or nil
}

// Caller is what one caller may see and do. It is used by one request, and by
// several goroutines when that request holds several messages.
type Caller interface {
	// Tools lists what the caller may call now.
	Tools(ctx context.Context) ([]Tool, error)
	// Call runs a tool with one JSON object as arguments. The text of an error
	// goes to the caller: it says, in the caller's language, what is wrong and
	// nothing that the caller must not know. The context ends with the request.
	Call(ctx context.Context, name string, arguments json.RawMessage) (Result, error)
	// Panicked is told of a fault in a call, and answers with what the caller
	// reads.
	Panicked(name string, value any, stack []byte) error
}

// Server answers requests. It is safe for concurrent use.
type Server struct {
	version string
	http    http.Handler
}

// callerKey finds the caller in a request's context.
type callerKey struct{}

// New returns a Server that calls itself by the host's version.
func New(version string) *Server {
	s := &Server{version: version}
	s.http = mcp.NewStreamableHTTPHandler(s.serverOf, &mcp.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, PropagateRequestCancellation: true, MaxRequestBodyBytes: MaxBody,
		// The gateway has its own list of allowed names for every route.
		DisableLocalhostProtection: true,
	})
	return s
}

// Serve answers one request of a caller.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, c Caller) {
	s.http.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
}

// serverOf makes the server that one request meets: it holds the caller's own
// tools and nothing else.
func (s *Server) serverOf(r *http.Request) *mcp.Server {
	c, ok := r.Context().Value(callerKey{}).(Caller)
	if !ok {
		return nil
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "jarvis", Title: "Jarvis", Version: s.version}, &mcp.ServerOptions{
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}},
	})
	tools, err := c.Tools(r.Context())
	if err != nil {
		return nil
	}
	for _, t := range tools {
		server.AddTool(describe(t), handler(c, t))
	}
	return server
}

func describe(t Tool) *mcp.Tool {
	d := &mcp.Tool{
		Name: t.Name, Title: t.Title, Description: t.Description, InputSchema: t.Input,
		Annotations: &mcp.ToolAnnotations{
			Title: t.Title, ReadOnlyHint: t.ReadOnly, IdempotentHint: t.Idempotent,
			DestructiveHint: new(t.Destructive), OpenWorldHint: new(t.OpenWorld),
		},
	}
	if len(t.Output) > 0 {
		d.OutputSchema = t.Output
	}
	return d
}

// handler runs a tool. Whatever goes wrong is a result that a model can read,
// not an error of the protocol, which it can't; and a panic stays here, for the
// protocol's library lets one end the process.
func handler(c Caller, t Tool) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (res *mcp.CallToolResult, _ error) {
		defer func() {
			if v := recover(); v != nil {
				res = failed(c.Panicked(t.Name, v, debug.Stack()))
			}
		}()
		arguments, err := object(req.Params.Arguments)
		if err != nil {
			return failed(err), nil
		}
		out, err := c.Call(ctx, t.Name, arguments)
		if err != nil {
			return failed(err), nil
		}
		res = said(cmp.Or(out.Text, string(out.Data))) // many programs read the text only
		if len(out.Data) > 0 {
			res.StructuredContent = out.Data
		}
		return res, nil
	}
}

// errNoObject is said in the protocol's own language, as its library does.
var errNoObject = errors.New("arguments: expected a JSON object")

func object(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return json.RawMessage("{}"), nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoObject, err)
	}
	return raw, nil
}

func said(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

func failed(err error) *mcp.CallToolResult {
	r := said(err.Error())
	r.IsError = true
	return r
}
