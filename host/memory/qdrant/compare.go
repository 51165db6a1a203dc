package qdrant

import (
	"context"
	"slices"

	client "github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/proto"

	"github.com/jarvis-host/jarvis/host/memory"
)

const (
	// readBatch is how many items are read from the truth at once.
	readBatch = 500
	// writeBatch is how many points are written at once, some hundred kilobytes.
	writeBatch = 100
	// scrollBatch is how many marks are read from the server at once.
	scrollBatch = 2000
)

// update writes items anew that may have changed and what stands next to them,
// which has their words too, and deletes the points of those that are no more.
func (c scope) update(ctx context.Context, ids []string) error {
	beside, err := c.beside(ctx, c.whose, ids)
	if err != nil {
		return err
	}
	ids = append(ids, beside...)
	slices.Sort(ids)
	for some := range slices.Chunk(slices.Compact(ids), readBatch) {
		items, err := c.items(ctx, some)
		if err != nil {
			return err
		}
		if err := c.put(ctx, items); err != nil {
			return err
		}
		there := map[string]bool{}
		for i := range items {
			there[items[i].id] = true
		}
		var gone []string
		for _, id := range some {
			if !there[id] {
				gone = append(gone, c.pointID(id))
			}
		}
		if err := c.drop(ctx, gone); err != nil {
			return err
		}
	}
	return nil
}

// compare makes the owner's points what the truth holds: it writes those whose
// marks differ, and deletes the others.
func (c scope) compare(ctx context.Context) error {
	marks, err := c.marks(ctx)
	if err != nil {
		return err
	}
	err = c.every(ctx, func(items []item) error {
		differing := slices.DeleteFunc(items, func(i item) bool {
			id := c.pointID(i.id)
			mark, there := marks[id]
			delete(marks, id)
			return there && mark == i.mark()
		})
		return c.put(ctx, differing)
	})
	if err != nil {
		return err
	}
	gone := make([]string, 0, len(marks))
	for id := range marks {
		gone = append(gone, id)
	}
	return c.drop(ctx, gone)
}

// every reads all items of the owner, some at a time.
func (c scope) every(ctx context.Context, do func([]item) error) error {
	for after := int64(0); ; {
		episodes, err := c.Truth.Episodes(ctx, c.whose, memory.EpisodeFilter{After: after, Limit: readBatch, Faded: true})
		if err != nil {
			return err
		}
		if len(episodes) == 0 {
			break
		}
		after = episodes[len(episodes)-1].Seq
		ids := make([]string, len(episodes))
		for i := range episodes {
			ids[i] = episodes[i].ID
		}
		if err := c.each(ctx, ids, do); err != nil {
			return err
		}
	}
	facts, err := c.Truth.Facts(ctx, c.whose, memory.FactFilter{Past: true, Faded: true})
	if err != nil {
		return err
	}
	ids := make([]string, len(facts))
	for i := range facts {
		ids[i] = facts[i].ID
	}
	for some := range slices.Chunk(ids, readBatch) {
		if err := c.each(ctx, some, do); err != nil {
			return err
		}
	}
	return nil
}

func (c scope) each(ctx context.Context, ids []string, do func([]item) error) error {
	items, err := c.items(ctx, ids)
	if err != nil {
		return err
	}
	return do(items)
}

// items reads what the truth holds of some ids.
func (c scope) items(ctx context.Context, ids []string) ([]item, error) {
	o := c.whose
	found, err := c.Truth.Search(ctx, o, memory.Search{IDs: ids, Window: 1, Faded: true})
	if err != nil {
		return nil, err
	}
	facts, err := c.Truth.Facts(ctx, o, memory.FactFilter{IDs: ids, Past: true, Faded: true})
	if err != nil {
		return nil, err
	}
	out := make([]item, 0, len(found.Episodes)+len(facts))
	for i := range found.Episodes {
		out = append(out, episodeOf(&found.Episodes[i]))
	}
	for i := range facts {
		out = append(out, factOf(&facts[i]))
	}
	return out, c.addMeaning(ctx, ids, out)
}

// addMeaning adds the vectors of the embedding model that are as long as the
// collection takes.
func (c scope) addMeaning(ctx context.Context, ids []string, items []item) error {
	if c.o.Model == "" {
		return nil
	}
	vectors, err := c.VectorsOf(ctx, c.whose, c.o.Model, ids)
	if err != nil {
		return err
	}
	for i := range items {
		v := vectors[items[i].id]
		switch takes := int(c.takes.Load()); {
		case len(v) == 0:
		case takes == 0:
			return errNoPlace
		case len(v) == takes:
			items[i].meaning, items[i].model = v, c.o.Model
		}
	}
	return nil
}

// put writes items.
func (c scope) put(ctx context.Context, items []item) error {
	for some := range slices.Chunk(items, writeBatch) {
		points := make([]*client.PointStruct, len(some))
		for i := range some {
			points[i] = c.point(&some[i])
		}
		if err := c.upsert(ctx, points); err != nil {
			return err
		}
	}
	return nil
}

func (c scope) upsert(ctx context.Context, points []*client.PointStruct) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return completed(c.client.Upsert(ctx, &client.UpsertPoints{CollectionName: c.o.Server.Collection, Wait: proto.Bool(true), Points: points}))
}

// drop deletes points of the owner.
func (c scope) drop(ctx context.Context, points []string) error {
	for some := range slices.Chunk(points, readBatch) {
		ids := make([]*client.PointId, len(some))
		for i, id := range some {
			ids[i] = client.NewIDUUID(id)
		}
		if err := c.remove(ctx, client.NewPointsSelectorFilter(c.filter(client.NewHasID(ids...)))); err != nil {
			return err
		}
	}
	return nil
}

// clear deletes all points of the owner.
func (c scope) clear(ctx context.Context) error {
	return c.remove(ctx, client.NewPointsSelectorFilter(c.filter()))
}

func (s *Store) remove(ctx context.Context, which *client.PointsSelector) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return completed(s.client.Delete(ctx, &client.DeletePoints{CollectionName: s.o.Server.Collection, Wait: proto.Bool(true), Points: which}))
}

func (c scope) count(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	n, err := c.client.Count(ctx, &client.CountPoints{CollectionName: c.o.Server.Collection, Filter: c.filter(), Exact: proto.Bool(true)})
	return int(n), err //nolint:gosec // a count
}

// marks reads the marks of all points of the owner, by their ids.
func (c scope) marks(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	var from *client.PointId
	for {
		points, next, err := c.page(ctx, from)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			// A point of another's is left alone, and so is never deleted by mistake.
			if _, ok := c.itemOf(p.GetPayload()); ok {
				out[p.GetId().GetUuid()] = p.GetPayload()[fieldMark].GetIntegerValue()
			}
		}
		if next == nil {
			return out, nil
		}
		from = next
	}
}

func (c scope) page(ctx context.Context, from *client.PointId) ([]*client.RetrievedPoint, *client.PointId, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return c.client.ScrollAndOffset(ctx, &client.ScrollPoints{
		CollectionName: c.o.Server.Collection, Filter: c.filter(), Offset: from, Limit: proto.Uint32(scrollBatch),
		WithPayload: client.NewWithPayloadInclude(fieldItem, fieldUser, fieldHome, fieldMark), WithVectors: client.NewWithVectors(false),
	})
}
