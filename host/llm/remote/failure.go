package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
)

const (
	// maxErrorBody bounds what is read of an error's body, maxErrorText what is
	// kept of its text.
	maxErrorBody = 64 << 10
	maxErrorText = 500
	// maxRetryAfter is the longest pause that a server is believed.
	maxRetryAfter = 5 * time.Minute
)

// transportError sorts a request that got no response.
func (c *Client) transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s: %w", c.cfg.Name, context.Cause(ctx))
	}
	out := &llm.Error{Class: llm.Unreachable, Provider: c.cfg.Name, Err: err}
	at := c.cfg.Base.Redacted()
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case is[*net.DNSError](err):
		out.Message = fmt.Sprintf("no address for host %q", c.cfg.Base.Hostname())
	case is[*tls.CertificateVerificationError](err):
		out.Message = "no trusted TLS connection to " + at
	case notConnected(err):
		out.Message = "no connection to " + at
	case isNet && timeout.Timeout():
		out.Class, out.Message = llm.Timeout, fmt.Sprintf("no response within %s", c.cfg.HeaderTimeout)
	default:
		out.Class, out.Message = llm.Interrupted, "no response from "+at
	}
	return out
}

// notConnected recognises failures before the request was sent. Those of TLS
// have no type of their own.
func notConnected(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect") ||
		strings.Contains(err.Error(), "TLS handshake") || strings.Contains(err.Error(), "HTTPS client")
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// statusError sorts a response other than 200.
func (c *Client) statusError(ctx context.Context, resp *http.Response, q Call) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s: %w", c.cfg.Name, context.Cause(ctx))
	}
	text, ours := bodyText(body)
	out := &llm.Error{
		Class: ClassOf(resp.StatusCode, text), Status: resp.StatusCode, Provider: c.cfg.Name, Message: text,
		RetryAfter: retryAfter(resp.Header, c.cfg.Now()), Err: err,
	}
	switch code := resp.StatusCode; {
	case code >= 300 && code < 400:
		out.Message = fmt.Sprintf("%s redirects elsewhere, which is not followed; name the final url", c.cfg.Base.Redacted())
	case code == http.StatusNotFound && (!ours || q.Model == "" || !aboutModel(text)), code == http.StatusMethodNotAllowed:
		out.Class, out.Message = llm.Refused, fmt.Sprintf("no %s at %s: %s", c.cfg.Kind, c.cfg.Base.Redacted(), text)
	case code == http.StatusNotFound && c.cfg.Fetch != "":
		out.Fetch = c.cfg.Fetch + " " + q.Model
		out.Message = fmt.Sprintf("model %s is not there; run: %s", q.Model, out.Fetch)
	case code == http.StatusNotFound:
		out.Message = fmt.Sprintf("model %s is not there: %s", q.Model, text)
	case code == http.StatusForbidden && text == "":
		out.Message = fmt.Sprintf("the server does not accept the host name in %s", c.cfg.Base.Redacted())
	}
	return out
}

// ClassOf sorts a failure by its HTTP status, which an error inside a stream may
// name too, and by its text.
func ClassOf(code int, text string) llm.Class {
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return llm.Unauthorized
	case code == http.StatusNotFound:
		return llm.NotFound
	case code == http.StatusRequestEntityTooLarge, tooLong(text):
		return llm.TooLarge
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return llm.Overloaded
	case code == http.StatusRequestTimeout, code == http.StatusGatewayTimeout:
		return llm.Timeout
	case code == http.StatusBadGateway:
		return llm.Unreachable
	case code == 499:
		return llm.Interrupted
	case code < 500, badRequest(text):
		return llm.Refused
	default:
		return llm.Internal
	}
}

// tooLong recognises a conversation that the model's window has no room for.
func tooLong(text string) bool {
	return strings.Contains(text, "context length") || strings.Contains(text, "context size") ||
		strings.Contains(text, "context window")
}

// aboutModel tells a missing model from a missing route.
func aboutModel(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "model") || strings.Contains(text, "endpoints")
}

// badRequest recognises the requests that a server answers with 500 although no
// other try can help.
func badRequest(text string) bool {
	return strings.HasPrefix(text, "option ") || strings.HasSuffix(text, " is required") ||
		strings.Contains(text, "invalid format") || strings.Contains(text, "invalid JSON schema") ||
		strings.Contains(text, "json.exception")
}

// bodyText returns an error body's text, and whether it has a model server's
// form.
func bodyText(body []byte) (text string, ours bool) {
	var reply struct {
		Error jsontext.Value `json:"error"`
	}
	if json.Unmarshal(body, &reply, Lenient) == nil {
		if f, ok := FaultOf(reply.Error); ok {
			return f.Text, true
		}
	}
	return shorten(strings.TrimSpace(string(body))), false
}

// Fault is what the error member of a reply says.
type Fault struct {
	Text string
	// Code is the HTTP status that the error names, 0 if it names none.
	Code int
}

// Class sorts a fault that came inside a response of status 200.
func (f Fault) Class() llm.Class {
	switch {
	case f.Code >= 400:
		return ClassOf(f.Code, f.Text)
	case tooLong(f.Text):
		return llm.TooLarge
	default:
		return llm.Internal
	}
}

// FaultOf reads an error member: a text, or an object with a message and maybe
// a code that is a number, a text or null. None, null and "" are no error.
func FaultOf(v jsontext.Value) (Fault, bool) {
	switch v.Kind() {
	case '"':
		var text string
		_ = json.Unmarshal(v, &text, Lenient)
		return Fault{Text: shorten(text)}, text != ""
	case '{':
		return faultObject(v), true
	case 'n', 0: // null, or no such member
		return Fault{}, false
	default:
		return Fault{Text: shorten(string(v))}, true
	}
}

func faultObject(v jsontext.Value) Fault {
	var object struct {
		Message jsontext.Value `json:"message"`
		Code    jsontext.Value `json:"code"`
	}
	f := Fault{Text: shorten(string(v))}
	if json.Unmarshal(v, &object, Lenient) != nil {
		return f
	}
	var text string
	if json.Unmarshal(object.Message, &text, Lenient) == nil && text != "" {
		f.Text = shorten(text)
	}
	if code, err := strconv.Atoi(strings.Trim(string(object.Code), `"`)); err == nil {
		f.Code = code
	}
	return f
}

// shorten cuts a foreign text to what a log line bears, and says so.
func shorten(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(text[:maxErrorText], "") + "…"
}

// retryAfter reads a Retry-After header: seconds or a date, within reason. Some
// servers say milliseconds in a header of their own, which then counts.
func retryAfter(from http.Header, now time.Time) time.Duration {
	header := strings.TrimSpace(from.Get("Retry-After"))
	if ms, ok := pause(from.Get("Retry-After-Ms"), time.Millisecond); ok {
		return ms
	}
	if seconds, ok := pause(header, time.Second); ok {
		return seconds
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// pause reads a number of units; one that makes no sense is no pause.
func pause(text string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(n) {
		return 0, false
	}
	return time.Duration(min(max(n*float64(unit), 0), float64(maxRetryAfter))), true
}
