package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

// MemoryQuery chooses what GET /v1/memories lists.
type MemoryQuery struct {
	Episodes bool // what was said, in place of facts
	Past     bool // facts that hold no longer, too
	After    string
	Limit    int
}

// Memories is what is remembered of end users. Errors are *protocol.Problem; any
// other is a fault of the host. It is safe for concurrent use.
type Memories interface {
	Memories(ctx context.Context, who session.Identity, q MemoryQuery) (items []protocol.Memory, next string, err error)
	Memory(ctx context.Context, who session.Identity, id string) (protocol.Memory, error)
	// AddMemory adds a memory; with an id that it has already, only once.
	AddMemory(ctx context.Context, who session.Identity, id string, n protocol.NewMemory) (protocol.Memory, error)
	ChangeMemory(ctx context.Context, who session.Identity, id string, c protocol.MemoryChange) (protocol.Memory, error)
	// ForgetMemory deletes for good, and returns all that went with it.
	ForgetMemory(ctx context.Context, who session.Identity, id string) ([]string, error)
	SearchMemories(ctx context.Context, who session.Identity, q protocol.MemorySearch) (protocol.MemoryFound, error)
	ExportMemories(ctx context.Context, who session.Identity, w io.Writer) error
	ImportMemories(ctx context.Context, who session.Identity, r io.Reader, dry bool) (protocol.MemoryImport, error)
}

// Bounds of memories.
const (
	maxArchive   = 256 << 20
	archivePiece = 64 << 10
	searchLimit  = 10
	archiveType  = "application/x-ndjson"
	importRoute  = "/v1/import/memories"
	maxMemoryIDs = 64
)

func (s *Server) memoryRoutes() []Route {
	if s.o.Memories == nil {
		return nil
	}
	return []Route{
		{http.MethodGet, "/v1/memories", member, s.getMemories},
		{http.MethodPost, "/v1/memories", member, s.addMemory},
		{http.MethodPost, "/v1/memories/search", member, s.searchMemories},
		{http.MethodGet, "/v1/memories/:id", member, s.getMemory},
		{http.MethodPatch, "/v1/memories/:id", member, s.changeMemory},
		{http.MethodDelete, "/v1/memories/:id", member, s.forgetMemory},
		{http.MethodGet, "/v1/export/memories", member, s.exportMemories},
		{http.MethodPost, importRoute, member, s.importMemories},
	}
}

func (s *Server) getMemories(x *exchange) error {
	after, limit, err := x.listed()
	if err != nil {
		return err
	}
	q := MemoryQuery{After: after, Limit: limit}
	switch kind := x.r.URL.Query().Get("type"); kind {
	case "", "fact":
	case "episode":
		q.Episodes = true
	default:
		return protocol.BadValue("type", kind, "fact, episode")
	}
	if q.Past, err = x.asked("past"); err != nil {
		return err
	}
	items, next, err := s.o.Memories.Memories(x.r.Context(), x.identity(), q)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(items, next, func(m protocol.Memory) protocol.Memory { return m }))
}

// asked reads a yes or no of the query.
func (x *exchange) asked(name string) (bool, error) {
	text := x.r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return false, protocol.BadValue(name, text, "true, false")
	}
	return yes, nil
}

// memoryID reads the id of a memory; people may have given ids of their own.
func (x *exchange) memoryID() (string, error) {
	id := x.params.ByName("id")
	if id == "" || len(id) > maxMemoryIDs || !utf8.ValidString(id) {
		return "", protocol.BadValue("id", id, "1..64 bytes")
	}
	return id, nil
}

func (s *Server) getMemory(x *exchange) error {
	id, err := x.memoryID()
	if err != nil {
		return err
	}
	m, err := s.o.Memories.Memory(x.r.Context(), x.identity(), id)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, m)
}

func (s *Server) addMemory(x *exchange) error {
	data, err := x.read()
	if err != nil {
		return err
	}
	var body protocol.NewMemory
	if p := decode(data, &body, true); p != nil {
		return p
	}
	if p := protocol.CheckText("text", body.Text); p != nil {
		return p
	}
	var id string
	if key := x.r.Header.Get("Idempotency-Key"); key != "" {
		first, err := s.repeatMemory.use(x.who.User.ID, key, data, s.now())
		if err != nil {
			return err
		}
		defer first.Unlock()
		id = memoryID(key) // the memory itself knows, also after a restart
	}
	if err := x.allowChat(); err != nil {
		return err
	}
	m, err := s.o.Memories.AddMemory(x.r.Context(), x.identity(), id, body)
	if err != nil {
		return err
	}
	return x.json(http.StatusCreated, m)
}

// memoryID is the id of the memory that an Idempotency-Key adds.
func memoryID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "f_i" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

func (s *Server) changeMemory(x *exchange) error {
	id, err := x.memoryID()
	if err != nil {
		return err
	}
	var body protocol.MemoryChange
	if err := x.body(&body); err != nil {
		return err
	}
	if body.Text != nil {
		if p := protocol.CheckText("text", *body.Text); p != nil {
			return p
		}
	}
	m, err := s.o.Memories.ChangeMemory(x.r.Context(), x.identity(), id, body)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, m)
}

func (s *Server) forgetMemory(x *exchange) error {
	id, err := x.memoryID()
	if err != nil {
		return err
	}
	if err := x.noBody(); err != nil {
		return err
	}
	gone, err := s.o.Memories.ForgetMemory(x.r.Context(), x.identity(), id)
	if err != nil {
		return err
	}
	slices.Sort(gone)
	return x.json(http.StatusOK, protocol.Forgotten{Forgotten: gone})
}

func (s *Server) searchMemories(x *exchange) error {
	var q protocol.MemorySearch
	if err := x.body(&q); err != nil {
		return err
	}
	q.Query = strings.TrimSpace(q.Query)
	if p := protocol.CheckText("query", q.Query); p != nil {
		return p
	}
	if q.Limit == 0 {
		q.Limit = searchLimit
	}
	if q.Limit < 1 || q.Limit > maxLimit {
		return protocol.BadValue("limit", strconv.Itoa(q.Limit), "1.."+strconv.Itoa(maxLimit))
	}
	found, err := s.o.Memories.SearchMemories(x.r.Context(), x.identity(), q)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, found)
}

func (s *Server) exportMemories(x *exchange) error {
	var archive bytes.Buffer // whole before the first byte goes: half an archive is none
	if err := s.o.Memories.ExportMemories(x.r.Context(), x.identity(), &archive); err != nil {
		return err
	}
	x.Header().Set("Content-Type", archiveType)
	x.Header().Set("Content-Disposition", `attachment; filename="jarvis-memories.jsonl"`)
	x.Header().Set("Content-Length", strconv.Itoa(archive.Len()))
	x.WriteHeader(http.StatusOK)
	gone := false                    // whoever asked
	for archive.Len() > 0 && !gone { // each piece has its own deadline
		_, err := x.Write(archive.Next(archivePiece))
		gone = err != nil
	}
	return nil
}

func (s *Server) importMemories(x *exchange) error {
	dry, err := x.asked("dry_run")
	if err != nil {
		return err
	}
	archive, err := x.readUpTo(maxArchive)
	if err != nil {
		return err
	}
	if len(archive) == 0 {
		return &protocol.Problem{Code: protocol.Invalid, Field: "body", Text: protocol.WordEmpty, Args: []any{"body"}, Err: errors.New("empty archive")}
	}
	got, err := s.o.Memories.ImportMemories(x.r.Context(), x.identity(), bytes.NewReader(archive), dry)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, got)
}
