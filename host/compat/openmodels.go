package compat

import (
	"net/http"
	"strings"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

// openEntry is a model in OpenAI's list.
type openEntry struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

func entry(m Model) openEntry { return openEntry{m.Name, "model", m.Since.Unix(), m.Owner} }

func (d *Door) openModels(w http.ResponseWriter, _ *http.Request, _ []byte, who session.Identity, e Engine) {
	data := []openEntry{}
	for _, m := range e.Models(who) {
		data = append(data, entry(m))
	}
	reply(w, http.StatusOK, map[string]any{"object": "list", "data": data})
}

func (d *Door) openModel(w http.ResponseWriter, r *http.Request, _ []byte, who session.Identity, e Engine) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	for _, m := range e.Models(who) {
		if m.Name == name {
			reply(w, http.StatusOK, entry(m))
			return
		}
	}
	openFail(w, e, who, &protocol.Problem{Code: protocol.NotFound, Field: "model"})
}
