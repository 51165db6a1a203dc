package llmtest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// routes is the server's API. What it does not have, it answers like the real
// one, in plain text.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	methods := map[string]map[string]http.HandlerFunc{
		"/api/version": {http.MethodGet: s.version},
		"/api/tags":    {http.MethodGet: s.tags},
		"/api/ps":      {http.MethodGet: s.ps},
		"/api/show":    {http.MethodPost: s.show},
		"/api/chat":    {http.MethodPost: s.chat},
		"/api/embed":   {http.MethodPost: s.embed},
		"/api/pull":    {http.MethodPost: s.pull},

		"/v1/models":           {http.MethodGet: s.openModels},
		"/v1/chat/completions": {http.MethodPost: s.openChat},
		"/v1/embeddings":       {http.MethodPost: s.openEmbed},
	}
	for path, byMethod := range methods {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			method := r.Method
			if method == http.MethodHead {
				method = http.MethodGet
			}
			if h := byMethod[method]; h != nil {
				h(w, r)
				return
			}
			for allowed := range byMethod {
				w.Header().Set("Allow", allowed)
			}
			plain(w, http.StatusMethodNotAllowed, "405 method not allowed")
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			plain(w, http.StatusNotFound, "404 page not found")
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "Ollama is running")
	})
	return mux
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	raw, err := json.Marshal(body)
	if err != nil {
		raw = []byte(`{"error":"write reply"}`)
	}
	_, _ = w.Write(raw)
}

type errorBody struct {
	Error string `json:"error"`
}

func fail(w http.ResponseWriter, status int, text string) {
	reply(w, status, errorBody{text})
}

// wrong is what the real server says of a request that it can't read.
func (q Request) wrong(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "missing request body"
	case err != nil:
		return err.Error()
	case strings.TrimSpace(q.Model) == "":
		return "model is required"
	default:
		return ""
	}
}

// maxBody bounds a request.
const maxBody = 64 << 20

// read takes in a request; if it can't be read, it has been answered.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (Request, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return Request{}, false
	}
	q, err := parseRequest(r.URL.Path, r.Header, body)
	if text := q.wrong(err); text != "" {
		fail(w, http.StatusBadRequest, text)
		return q, false
	}
	return q, true
}
