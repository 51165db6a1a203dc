package qdranttest

import (
	"strings"

	"github.com/google/uuid"
	client "github.com/qdrant/go-client/qdrant"
)

// refuse says what a real server does not take of a request, whatever it holds:
// the rules that it checks every message of its gRPC interface by.
func refuse(req any) error {
	if r, ok := req.(interface{ GetCollectionName() string }); ok {
		if name := r.GetCollectionName(); name == "" || len(name) > 255 || strings.ContainsAny(name, "<>:\"/\\|?*\x00\x1f") {
			return invalid("collection_name", "must be 1 to 255 characters without <>:\"/\\|?*")
		}
	}
	switch r := req.(type) {
	case *client.CreateCollection:
		return refuseVectors(r.GetVectorsConfig().GetParamsMap().GetMap())
	case *client.CreateFieldIndexCollection:
		return refuseIndex(r)
	case *client.UpsertPoints:
		return refusePoints(r.GetPoints())
	case *client.DeletePoints:
		return refuseSelector(r.GetPoints())
	case *client.CountPoints:
		return refuseFilter(r.GetFilter())
	case *client.ScrollPoints:
		return first(refuseLimit(r.Limit != nil, uint64(r.GetLimit())), refuseFilter(r.GetFilter()))
	case *client.QueryPoints:
		return first(refuseLimit(r.Limit != nil, r.GetLimit()), refuseFilter(r.GetFilter()))
	case *client.QueryBatchPoints:
		for _, q := range r.GetQueryPoints() {
			if err := refuse(q); err != nil {
				return err
			}
		}
	}
	return nil
}

func invalid(field, rule string) error {
	return wrong("Validation error in body: [%s: %s]", field, rule)
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func refuseVectors(all map[string]*client.VectorParams) error {
	for name, p := range all {
		if p.GetSize() < 1 || p.GetSize() > 65536 {
			return invalid("vectors_config."+name+".size", "must be 1 to 65536")
		}
		if p.GetDistance() == client.Distance_UnknownDistance {
			return wrong("Unknown distance of %s", name)
		}
	}
	return nil
}

func refuseLimit(set bool, limit uint64) error {
	if set && limit == 0 {
		return invalid("limit", "must be 1 or larger")
	}
	return nil
}

// schemas are the kinds of indexes of the fields that package qdrant has.
var schemas = map[client.FieldType]client.PayloadSchemaType{
	client.FieldType_FieldTypeKeyword:  client.PayloadSchemaType_Keyword,
	client.FieldType_FieldTypeBool:     client.PayloadSchemaType_Bool,
	client.FieldType_FieldTypeDatetime: client.PayloadSchemaType_Datetime,
}

func refuseIndex(r *client.CreateFieldIndexCollection) error {
	if r.GetFieldName() == "" {
		return invalid("field_name", "must not be empty")
	}
	if r.FieldType == nil {
		return wrong("field type is missing")
	}
	params := r.GetFieldIndexParams()
	if params.GetIndexParams() != nil && (params.GetKeywordIndexParams() == nil || r.GetFieldType() != client.FieldType_FieldTypeKeyword) {
		return wrong("field_type and field_index_params do not match")
	}
	return nil
}

func refusePoints(all []*client.PointStruct) error {
	for _, p := range all {
		if err := refuseIDs(p.GetId()); err != nil {
			return err
		}
		for field, v := range p.GetPayload() {
			if v.GetKind() == nil {
				return wrong("Malformed payload of %s", field)
			}
		}
	}
	return nil
}

func refuseIDs(ids ...*client.PointId) error {
	for _, id := range ids {
		if _, number := id.GetPointIdOptions().(*client.PointId_Num); number {
			continue
		}
		if _, err := uuid.Parse(id.GetUuid()); err != nil {
			return wrong("Unable to parse UUID: %s", id.GetUuid())
		}
	}
	return nil
}

func refuseSelector(s *client.PointsSelector) error {
	if s.GetPointsSelectorOneOf() == nil {
		return wrong("PointSelector is missing")
	}
	return first(refuseIDs(s.GetPoints().GetIds()...), refuseFilter(s.GetFilter()))
}

func refuseFilter(f *client.Filter) error {
	for _, c := range conditions(f) {
		switch {
		case c.GetHasId() != nil:
			if err := refuseIDs(c.GetHasId().GetHasId()...); err != nil {
				return err
			}
		case c.GetField() == nil:
			return wrong("Malformed Condition type")
		case c.GetField().GetMatch().GetMatchValue() == nil:
			return wrong("Malformed Match condition")
		}
	}
	return nil
}

func conditions(f *client.Filter) []*client.Condition {
	return append(append([]*client.Condition{}, f.GetMust()...), f.GetMustNot()...)
}

// indexed refuses to filter by a field that has no index of the right kind, as a
// server in strict mode does, which hosted ones are in.
func (c *collection) indexed(f *client.Filter) error {
	for _, x := range conditions(f) {
		field := x.GetField()
		if field == nil {
			continue
		}
		want := client.PayloadSchemaType_Keyword
		if _, is := field.GetMatch().GetMatchValue().(*client.Match_Boolean); is {
			want = client.PayloadSchemaType_Bool
		}
		if got := c.schema[field.GetKey()]; got.GetDataType() != want {
			return wrong("Index required but not found for %q of one of the following types: [%s]", field.GetKey(), strings.ToLower(want.String()))
		}
	}
	return nil
}

// check refuses points that do not fit the collection.
func (c *collection) check(p *client.PointStruct) error {
	if p.GetVectors().GetVectors() == nil {
		return wrong("expected some vectors")
	}
	for name, v := range p.GetVectors().GetVectors().GetVectors() {
		if err := c.checkVector(name, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *collection) checkVector(name string, v *client.Vector) error {
	dense := c.config.GetParams().GetVectorsConfig().GetParamsMap().GetMap()[name]
	_, sparse := c.config.GetParams().GetSparseVectorsConfig().GetMap()[name]
	switch {
	case dense == nil && !sparse:
		return wrong("Not existing vector name error: %s", name)
	case dense != nil && v.GetSparse() == nil && uint64(len(v.GetDense().GetData())) != dense.GetSize():
		return wrong("Vector dimension error: expected dim: %d, got %d", dense.GetSize(), len(v.GetDense().GetData()))
	case sparse != (v.GetSparse() != nil):
		return wrong("Conversion between sparse and regular vectors failed")
	case sparse:
		return checkSparse(v.GetSparse().GetIndices(), v.GetSparse().GetValues())
	}
	return nil
}

func checkSparse(indices []uint32, values []float32) error {
	seen := map[uint32]bool{}
	for _, i := range indices {
		if seen[i] {
			return wrong("Validation error in body: [indices: must be unique]")
		}
		seen[i] = true
	}
	if len(indices) != len(values) {
		return wrong("Validation error in body: [values: must be the same length as indices]")
	}
	return nil
}
