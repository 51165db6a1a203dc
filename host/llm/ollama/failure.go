package ollama

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
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
	// fetch is the command that gets a model.
	fetch = "ollama pull"
)

// transportError sorts a request that got no response.
func (p *Provider) transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s: %w", p.Name(), context.Cause(ctx))
	}
	out := &llm.Error{Class: llm.Unreachable, Provider: p.Name(), Err: err}
	at := p.base.Redacted()
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case is[*net.DNSError](err):
		out.Message = fmt.Sprintf("no address for host %q", p.base.Hostname())
	case is[*tls.CertificateVerificationError](err):
		out.Message = "no trusted TLS connection to " + at
	case notConnected(err):
		out.Message = "no connection to " + at
	case isNet && timeout.Timeout():
		out.Class, out.Message = llm.Timeout, fmt.Sprintf("no response within %s", p.cfg.HeaderTimeout)
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
func (p *Provider) statusError(ctx context.Context, resp *http.Response, q call) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s: %w", p.Name(), context.Cause(ctx))
	}
	text, ours := bodyText(body)
	out := &llm.Error{
		Class: statusClass(resp.StatusCode, text), Status: resp.StatusCode, Provider: p.Name(), Message: text,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), p.cfg.Now()), Err: err,
	}
	switch code := resp.StatusCode; {
	case code >= 300 && code < 400:
		out.Message = fmt.Sprintf("%s redirects elsewhere, which is not followed; name the final url", p.base.Redacted())
	case code == http.StatusNotFound && (!ours || q.model == ""), code == http.StatusMethodNotAllowed:
		out.Class, out.Message = llm.Refused, fmt.Sprintf("no Ollama at %s: %s", p.base.Redacted(), text)
	case code == http.StatusNotFound:
		out.Fetch = fetch + " " + q.model
		out.Message = fmt.Sprintf("model %s is not there; run: %s", q.model, out.Fetch)
	case code == http.StatusForbidden && text == "":
		out.Message = fmt.Sprintf("the server does not accept the host name in %s", p.base.Redacted())
	}
	return out
}

func statusClass(code int, text string) llm.Class {
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

// midstreamClass sorts an error that came inside a response of status 200.
func midstreamClass(text string) llm.Class {
	if tooLong(text) {
		return llm.TooLarge
	}
	return llm.Internal
}

func tooLong(text string) bool {
	return strings.Contains(text, "context length") || strings.Contains(text, "context size")
}

// badRequest recognises the requests that the server answers with 500 although
// no other try can help.
func badRequest(text string) bool {
	return strings.HasPrefix(text, "option ") ||
		strings.Contains(text, "invalid format") || strings.Contains(text, "invalid JSON schema")
}

// bodyText returns an error body's text, and whether it has the server's form.
func bodyText(body []byte) (text string, ours bool) {
	var reply struct {
		Error jsontext.Value `json:"error"`
	}
	if json.Unmarshal(body, &reply, lenient) == nil {
		if text, ok := errorText(reply.Error); ok {
			return text, true
		}
	}
	return shorten(strings.TrimSpace(string(body))), false
}

// errorText returns the text of an error member: a string, or, from proxies, an
// object with a message. None, null and "" are no error.
func errorText(v jsontext.Value) (string, bool) {
	switch v.Kind() {
	case '"':
		var text string
		_ = json.Unmarshal(v, &text, lenient)
		return shorten(text), text != ""
	case '{':
		var object struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(v, &object, lenient) == nil && object.Message != "" {
			return shorten(object.Message), true
		}
		return shorten(string(v)), true
	case 'n', 0: // null, or no such member
		return "", false
	default:
		return shorten(string(v)), true
	}
}

// shorten cuts a foreign text to what a log line bears, and says so.
func shorten(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(text[:maxErrorText], "") + "…"
}

// retryAfter reads a Retry-After header: seconds or a date, within reason.
func retryAfter(header string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		d = time.Duration(min(seconds, int64(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
