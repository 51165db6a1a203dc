package mcp

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/jarvis-host/jarvis/sdk"
)

// Bounds of an answer, below those of the host: that would refuse it whole.
const (
	maxText   = 128 << 10 // bytes
	maxData   = 512 << 10 // bytes
	maxReason = 2 << 10   // bytes of why a call failed
)

// answered turns what a server answered into a result; a failure that the
// server tells of is said with its reason, which a model can learn from.
func answered(c *sdk.Call, server string, r *mcp.CallToolResult) (sdk.Result, error) {
	text := spoken(c, r.Content)
	if r.IsError {
		return sdk.Result{}, sdk.Fail(sdk.CodeInternal, "%s", c.T("failed", "server", server, "reason", bounded(c, text, maxReason)))
	}
	out := sdk.Result{Text: bounded(c, text, maxText)}
	data, err := dataOf(r.StructuredContent)
	if err != nil {
		return sdk.Result{}, err
	}
	out.Data = data
	if out.Text == "" && len(data) > 0 {
		out.Text = bounded(c, string(data), maxText)
	}
	return out, nil
}

func dataOf(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, &sdk.Error{Code: sdk.CodeInternal, Err: err}
	}
	if len(raw) > maxData {
		return nil, sdk.Fail(sdk.CodeTooLarge, "structured content weighs %d bytes, expected at most %d", len(raw), maxData)
	}
	return raw, nil
}

// spoken is the text of an answer; of what is no text it says what it is.
func spoken(c *sdk.Call, content []mcp.Content) string {
	var parts []string
	for _, part := range content {
		if text := one(c, part); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n")
}

func one(c *sdk.Call, part mcp.Content) string {
	switch p := part.(type) {
	case *mcp.TextContent:
		return strings.ToValidUTF8(p.Text, "\uFFFD")
	case *mcp.ImageContent:
		return c.T("image", "type", words(p.MIMEType, 80), "size", len(p.Data))
	case *mcp.AudioContent:
		return c.T("audio", "type", words(p.MIMEType, 80), "size", len(p.Data))
	case *mcp.ResourceLink:
		return strings.TrimSpace(words(p.Name, maxWords) + " " + words(p.URI, maxWords))
	case *mcp.EmbeddedResource:
		if p.Resource == nil {
			return ""
		}
		if p.Resource.Text != "" {
			return strings.ToValidUTF8(p.Resource.Text, "\uFFFD")
		}
		return c.T("file", "uri", words(p.Resource.URI, maxWords), "size", len(p.Resource.Blob))
	}
	return ""
}

// bounded cuts a text that is too long, and says so.
func bounded(c *sdk.Call, text string, most int) string {
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "\n" + c.T("cut", "shown", cut, "whole", len(text))
}
