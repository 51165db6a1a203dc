package plugintest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

// answer runs a handler for a client's request. A handler that panics with
// [http.ErrAbortHandler] is a connection that breaks.
func answer(h http.Handler, req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler { //nolint:errorlint // a panic's value, not a chain
				panic(v)
			}
			resp, err = nil, fmt.Errorf("connection to %s broke", req.URL.Host)
		}
	}()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	in := req.Clone(req.Context())
	in.RequestURI = req.URL.RequestURI()
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp = rec.Result()
	resp.Request = req
	return resp, nil
}
