package gateway

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// maxBody bounds a request's body. The longest legal utterance, written in
// escapes, fits.
const maxBody = protocol.MaxFrame

// body reads a request's JSON object into v.
func (x *exchange) body(v any) error {
	data, err := x.read()
	if err != nil {
		return err
	}
	if p := decode(data, v, true); p != nil {
		return p
	}
	return nil
}

// noBody reads a request that has no members: no body, or an empty object.
func (x *exchange) noBody() error {
	if x.r.ContentLength == 0 {
		return nil
	}
	return x.body(&struct{}{})
}

func (x *exchange) read() ([]byte, error) { return x.readUpTo(maxBody) }

// readUpTo reads a body of at most most bytes, within the time that one may take.
func (x *exchange) readUpTo(most int64) ([]byte, error) {
	if x.r.ContentLength > most {
		return nil, x.tooLarge(most)
	}
	conn := http.NewResponseController(x.ResponseWriter)
	// A recorder in a test has no deadline; a connection always has.
	_ = conn.SetReadDeadline(time.Now().Add(x.config.BodyTimeout))
	data, err := io.ReadAll(io.LimitReader(x.r.Body, most+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.Header().Set("Connection", "close")
		return nil, &protocol.Problem{
			Code: protocol.Timeout, Text: protocol.WordBodySlow, Args: []any{int(x.config.BodyTimeout.Seconds())}, Err: err,
		}
	case err != nil:
		x.Header().Set("Connection", "close")
		return nil, &protocol.Problem{Code: protocol.Invalid, Err: err}
	case int64(len(data)) > most:
		return nil, x.tooLarge(most)
	}
	_ = conn.SetReadDeadline(time.Time{})
	return data, nil
}

// tooLarge also gives the connection up: the rest of the body is not read.
func (x *exchange) tooLarge(most int64) error {
	x.Header().Set("Connection", "close")
	return &protocol.Problem{Code: protocol.TooLarge, Text: protocol.WordBodyTooLarge, Args: []any{most}}
}

// checkContentType refuses a change whose body is not declared as JSON: a form
// of a foreign page cannot declare that.
func (x *exchange) checkContentType() error {
	got := x.r.Header.Values("Content-Type")
	if safe(x.r.Method) || len(got) == 0 && x.r.ContentLength == 0 {
		return nil
	}
	declared := strings.Join(got, ", ")
	kind, params, err := mime.ParseMediaType(declared)
	charset, named := params["charset"]
	json := kind == "application/json" || kind == archiveType && x.route == importRoute
	if err == nil && len(got) == 1 && json && (!named || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	return &protocol.Problem{Code: protocol.Unsupported, Text: protocol.WordContentType, Args: []any{protocol.Excerpt(declared)}}
}
