package qdranttest

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	client "github.com/qdrant/go-client/qdrant"
)

// points is the service of points.
type points struct {
	client.UnimplementedPointsServer
	*Server
}

// change makes a change, or promises it.
func (s points) change(name string, wait bool, do func(*collection) error) (*client.PointsOperationResponse, error) {
	result := &client.UpdateResult{Status: client.UpdateStatus_Completed}
	err := s.with(name, func(c *collection) error {
		if s.trouble.Promises {
			result.Status = client.UpdateStatus_Acknowledged
			return nil
		}
		return do(c)
	})
	if !wait {
		result.Status = client.UpdateStatus_Acknowledged
	}
	return &client.PointsOperationResponse{Result: result}, err
}

// Upsert implements the service.
func (s points) Upsert(_ context.Context, r *client.UpsertPoints) (*client.PointsOperationResponse, error) {
	return s.change(r.GetCollectionName(), r.GetWait(), func(c *collection) error {
		for _, p := range r.GetPoints() {
			if err := c.check(p); err != nil {
				return err
			}
		}
		for _, p := range r.GetPoints() {
			c.points[p.GetId().GetUuid()] = p
		}
		return nil
	})
}

// Delete implements the service.
func (s points) Delete(_ context.Context, r *client.DeletePoints) (*client.PointsOperationResponse, error) {
	return s.change(r.GetCollectionName(), r.GetWait(), func(c *collection) error {
		for _, id := range r.GetPoints().GetPoints().GetIds() {
			delete(c.points, id.GetUuid())
		}
		if f := r.GetPoints().GetFilter(); f != nil {
			if err := c.indexed(f); err != nil {
				return err
			}
			maps.DeleteFunc(c.points, func(_ string, p *client.PointStruct) bool { return meets(p, f) })
		}
		return nil
	})
}

// CreateFieldIndex implements the service.
func (s points) CreateFieldIndex(_ context.Context, r *client.CreateFieldIndexCollection) (*client.PointsOperationResponse, error) {
	return s.change(r.GetCollectionName(), r.GetWait(), func(c *collection) error {
		c.schema[r.GetFieldName()] = &client.PayloadSchemaInfo{DataType: schemas[r.GetFieldType()], Params: r.FieldIndexParams}
		return nil
	})
}

// Count implements the service.
func (s points) Count(_ context.Context, r *client.CountPoints) (*client.CountResponse, error) {
	out := &client.CountResponse{Result: &client.CountResult{}}
	err := s.with(r.GetCollectionName(), func(c *collection) error {
		if err := c.indexed(r.GetFilter()); err != nil {
			return err
		}
		for _, p := range c.points {
			if meets(p, r.GetFilter()) {
				out.Result.Count++
			}
		}
		return nil
	})
	return out, err
}

// Scroll implements the service.
func (s points) Scroll(_ context.Context, r *client.ScrollPoints) (*client.ScrollResponse, error) {
	out := &client.ScrollResponse{}
	limit := 10
	if r.Limit != nil {
		limit = int(r.GetLimit())
	}
	err := s.with(r.GetCollectionName(), func(c *collection) error {
		if err := c.indexed(r.GetFilter()); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(c.points)) {
			p := c.points[id]
			if id < r.GetOffset().GetUuid() || !meets(p, r.GetFilter()) {
				continue
			}
			if len(out.GetResult()) == limit {
				out.NextPageOffset = p.GetId()
				break
			}
			out.Result = append(out.Result, &client.RetrievedPoint{Id: p.GetId(), Payload: chosen(p, r.GetWithPayload())})
		}
		return nil
	})
	return out, err
}

// chosen is what of a payload was asked for.
func chosen(p *client.PointStruct, which *client.WithPayloadSelector) map[string]*client.Value {
	if which.GetEnable() {
		return p.GetPayload()
	}
	out := map[string]*client.Value{}
	for _, f := range which.GetInclude().GetFields() {
		if v := p.GetPayload()[f]; v != nil {
			out[f] = v
		}
	}
	return out
}

// QueryBatch implements the service.
func (s points) QueryBatch(ctx context.Context, r *client.QueryBatchPoints) (*client.QueryBatchResponse, error) {
	out := &client.QueryBatchResponse{}
	for _, q := range r.GetQueryPoints() {
		got, err := s.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		out.Result = append(out.Result, &client.BatchResult{Result: got.GetResult()})
	}
	return out, nil
}

// Query implements the service.
func (s points) Query(_ context.Context, r *client.QueryPoints) (*client.QueryResponse, error) {
	out := &client.QueryResponse{}
	limit := 10
	if r.Limit != nil {
		limit = int(r.GetLimit()) //nolint:gosec // small
	}
	err := s.with(r.GetCollectionName(), func(c *collection) error {
		if err := c.indexed(r.GetFilter()); err != nil {
			return err
		}
		question := r.GetQuery().GetNearest()
		score, err := c.scorer(r.GetUsing(), question)
		if err != nil {
			return err
		}
		for _, p := range c.points {
			if x, ok := score(p.GetVectors().GetVectors().GetVectors()[r.GetUsing()]); ok && (s.trouble.Leaks || meets(p, r.GetFilter())) {
				out.Result = append(out.Result, &client.ScoredPoint{Id: p.GetId(), Score: float32(x), Payload: chosen(p, r.GetWithPayload())})
			}
		}
		return nil
	})
	slices.SortFunc(out.GetResult(), func(a, b *client.ScoredPoint) int {
		return cmp.Or(cmp.Compare(b.GetScore(), a.GetScore()), cmp.Compare(a.GetId().GetUuid(), b.GetId().GetUuid()))
	})
	out.Result = out.GetResult()[:min(limit, len(out.GetResult()))]
	return out, err
}

// scorer returns how near a vector is to a question; ok is false where they have
// nothing in common.
func (c *collection) scorer(using string, q *client.VectorInput) (func(*client.Vector) (float64, bool), error) {
	if sparse, there := c.config.GetParams().GetSparseVectorsConfig().GetMap()[using]; there {
		if q.GetSparse() == nil {
			return nil, wrong("Conversion between sparse and regular vectors failed")
		}
		if err := checkSparse(q.GetSparse().GetIndices(), q.GetSparse().GetValues()); err != nil {
			return nil, err
		}
		return c.overlap(using, sparse.GetModifier(), q.GetSparse()), nil
	}
	params := c.config.GetParams().GetVectorsConfig().GetParamsMap().GetMap()[using]
	if params == nil {
		return nil, wrong("Not existing vector name error: %s", using)
	}
	data := q.GetDense().GetData()
	if uint64(len(data)) != params.GetSize() {
		return nil, wrong("Vector dimension error: expected dim: %d, got %d", params.GetSize(), len(data))
	}
	return func(v *client.Vector) (float64, bool) { return cosine(data, v.GetDense().GetData()), v != nil }, nil
}

// overlap scores sparse vectors, with the rarity of each index as the server
// counts it: ln((N - n + 0.5) / (n + 0.5) + 1).
func (c *collection) overlap(using string, modifier client.Modifier, q *client.SparseVector) func(*client.Vector) (float64, bool) {
	having, all := map[uint32]float64{}, 0.
	for _, p := range c.points {
		if v := p.GetVectors().GetVectors().GetVectors()[using]; v != nil {
			all++
			for _, i := range v.GetSparse().GetIndices() {
				having[i]++
			}
		}
	}
	weights := map[uint32]float64{}
	for k, i := range q.GetIndices() {
		weights[i] = float64(q.GetValues()[k])
		if modifier == client.Modifier_Idf {
			weights[i] *= math.Log((all-having[i]+.5)/(having[i]+.5) + 1)
		}
	}
	return func(v *client.Vector) (sum float64, ok bool) {
		for k, i := range v.GetSparse().GetIndices() {
			if w, there := weights[i]; there {
				sum, ok = sum+w*float64(v.GetSparse().GetValues()[k]), true
			}
		}
		return sum, ok
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range min(len(a), len(b)) {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(cmp.Or(aa*bb, 1))
}

// meets says whether a point meets a filter.
func meets(p *client.PointStruct, f *client.Filter) bool {
	for _, c := range f.GetMust() {
		if !holds(p, c) {
			return false
		}
	}
	return !slices.ContainsFunc(f.GetMustNot(), func(c *client.Condition) bool { return holds(p, c) })
}

// holds knows the conditions that package qdrant makes; no other one holds.
func holds(p *client.PointStruct, c *client.Condition) bool {
	if ids := c.GetHasId().GetHasId(); ids != nil {
		return slices.ContainsFunc(ids, func(id *client.PointId) bool { return id.GetUuid() == p.GetId().GetUuid() })
	}
	v := p.GetPayload()[c.GetField().GetKey()]
	switch m := c.GetField().GetMatch().GetMatchValue().(type) {
	case *client.Match_Keyword:
		return v != nil && v.GetStringValue() == m.Keyword
	case *client.Match_Boolean:
		return v != nil && v.GetBoolValue() == m.Boolean
	case *client.Match_ExceptKeywords:
		return v != nil && !slices.Contains(m.ExceptKeywords.GetStrings(), v.GetStringValue())
	default:
		return false
	}
}
