package qdrant

import (
	"encoding/binary"
	"hash"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	client "github.com/qdrant/go-client/qdrant"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Vectors of a point: its own words, those next to it, and its meaning.
const (
	vectorWords   = "lex"
	vectorContext = "ctx"
	vectorMeaning = "dense"
)

// Fields of a point's payload.
const (
	fieldHome       = "home"
	fieldUser       = "user"
	fieldItem       = "item"
	fieldKind       = "kind"
	fieldCreated    = "created"
	fieldSuperseded = "superseded"
	fieldFaded      = "faded"
	fieldModel      = "model"
	fieldMark       = "mark" // of all that the point is made from
)

// kindEpisode is the kind of what was said; facts have theirs.
const kindEpisode = "episode"

// layout is the version of what points hold; a new one has them all written
// anew.
const layout = 1

// space of the ids of points.
var space = uuid.MustParse("6f1c0b5e-7d0a-4d5e-9a53-0d1f8b2c7e41")

// pointID is the id of an item's point, the same at any time.
func (c scope) pointID(item string) string {
	return uuid.NewSHA1(space, []byte(c.home+"\x00"+c.user+"\x00"+item)).String()
}

// item is what a point is made from.
type item struct {
	id, kind          string
	created           time.Time
	terms, around     []string
	superseded, faded bool
	meaning           []float32 // nil is none
	model             string    // of meaning
}

func episodeOf(h *memory.Hit) item {
	i := item{id: h.ID, kind: kindEpisode, created: h.At, terms: h.Terms, faded: !h.Faded.IsZero()}
	for _, list := range [][]memory.Turn{h.Before, h.After} {
		if len(list) > 0 {
			i.around = append(i.around, list[0].Terms...)
		}
	}
	return i
}

func factOf(k *memory.Fact) item {
	return item{
		id: k.ID, kind: string(k.Kind), created: k.From, terms: k.Terms,
		superseded: k.SupersededBy != "" || !k.To.IsZero(), faded: !k.Faded.IsZero(),
	}
}

// mark tells two states of an item apart.
func (i *item) mark() int64 {
	h := fnv.New64a()
	write(h, i.id, i.kind, i.model)
	number(h, layout, uint64(i.created.UnixMicro()), bit(i.superseded), bit(i.faded), uint64(len(i.terms))) //nolint:gosec // bits
	write(h, i.terms...)
	write(h, i.around...)
	for _, x := range i.meaning {
		number(h, uint64(math.Float32bits(x)))
	}
	return int64(h.Sum64()) //nolint:gosec // bits
}

func write(h hash.Hash, texts ...string) {
	for _, t := range texts {
		_, _ = h.Write([]byte(t)) // never fails
		_, _ = h.Write([]byte{0})
	}
}

func number(h hash.Hash, numbers ...uint64) {
	for _, n := range numbers {
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, n))
	}
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// point is the item as the server gets it.
func (c scope) point(i *item) *client.PointStruct {
	vectors := map[string]*client.Vector{}
	for name, terms := range map[string][]string{vectorWords: i.terms, vectorContext: i.around} {
		if len(terms) > 0 {
			vectors[name] = client.NewVectorSparse(weighed(terms))
		}
	}
	if i.meaning != nil {
		vectors[vectorMeaning] = client.NewVectorDense(i.meaning)
	}
	payload := map[string]any{
		fieldHome: c.home, fieldUser: c.user, fieldItem: i.id, fieldKind: i.kind, fieldCreated: i.created.UTC().Format(time.RFC3339Nano),
		fieldSuperseded: i.superseded, fieldFaded: i.faded, fieldMark: i.mark(),
	}
	if i.meaning != nil {
		payload[fieldModel] = i.model
	}
	return &client.PointStruct{
		Id: client.NewIDUUID(c.pointID(i.id)), Vectors: client.NewVectorsMap(vectors), Payload: client.NewValueMap(payload),
	}
}

// Constants of BM25 (Robertson and Zaragoza, 2009), as SQLite's FTS5 has them.
// The server knows how rare a word is, but not how long items are on average:
// usual is what a message has.
const (
	k1    = 1.2
	b     = .75
	usual = 8.
)

// weighed is the sparse vector of a text's terms: of each how much it counts, for
// the server to multiply with how rare it is.
func weighed(terms []string) (indices []uint32, values []float32) {
	times := map[uint32]float64{}
	for _, t := range terms {
		times[place(t)]++
	}
	indices = slices.Sorted(maps.Keys(times))
	length := k1 * (1 - b + b*float64(len(terms))/usual)
	for _, at := range indices {
		n := times[at]
		values = append(values, float32(n*(k1+1)/(n+length)))
	}
	return indices, values
}

// asked is the sparse vector of a question's terms.
func asked(terms []string) (indices []uint32, values []float32) {
	for _, t := range terms {
		indices = append(indices, place(t))
	}
	slices.Sort(indices)
	indices = slices.Compact(indices)
	return indices, slices.Repeat([]float32{1}, len(indices))
}

// place is where a term stands in a sparse vector.
func place(term string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(term)) // never fails
	return h.Sum32()
}
