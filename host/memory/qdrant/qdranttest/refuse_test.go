package qdranttest

import (
	"strings"
	"testing"

	client "github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/proto"
)

const some = "6f1c0b5e-7d0a-4d5e-9a53-0d1f8b2c7e41"

// What a real server refuses is refused, whatever package qdrant asks for today.
// fault-S14.
func TestRefused(t *testing.T) {
	where := func(c ...*client.Condition) *client.Filter { return &client.Filter{Must: c} }
	upsert := func(p *client.PointStruct) *client.UpsertPoints {
		return &client.UpsertPoints{CollectionName: "c", Points: []*client.PointStruct{p}}
	}
	keyword := client.FieldType_FieldTypeKeyword
	for want, req := range map[string]any{
		"collection_name":      &client.GetCollectionInfoRequest{CollectionName: "a/b"},
		"parse UUID":           upsert(&client.PointStruct{Id: client.NewIDUUID("episode-1")}),
		"Malformed payload":    upsert(&client.PointStruct{Id: client.NewIDUUID(some), Payload: map[string]*client.Value{"x": {}}}),
		"limit":                &client.QueryPoints{CollectionName: "c", Limit: proto.Uint64(0)},
		"Malformed Condition":  &client.CountPoints{CollectionName: "c", Filter: where(&client.Condition{})},
		"Malformed Match":      &client.ScrollPoints{CollectionName: "c", Filter: where(&client.Condition{ConditionOneOf: &client.Condition_Field{Field: &client.FieldCondition{Key: "user"}}})},
		"PointSelector":        &client.DeletePoints{CollectionName: "c"},
		"field type is":        &client.CreateFieldIndexCollection{CollectionName: "c", FieldName: "user"},
		"do not match":         &client.CreateFieldIndexCollection{CollectionName: "c", FieldName: "user", FieldType: client.FieldType_FieldTypeBool.Enum(), FieldIndexParams: client.NewPayloadIndexParamsKeyword(&client.KeywordIndexParams{})},
		"vectors_config.d":     &client.CreateCollection{CollectionName: "c", VectorsConfig: client.NewVectorsConfigMap(map[string]*client.VectorParams{"d": {}})},
		"must be 1 or larger]": &client.QueryBatchPoints{CollectionName: "c", QueryPoints: []*client.QueryPoints{{CollectionName: "c", Limit: proto.Uint64(0)}}},
	} {
		if err := refuse(req); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: %v, want %s", req, err, want)
		}
	}
	if err := refuse(&client.CreateFieldIndexCollection{CollectionName: "c", FieldName: "user", FieldType: &keyword}); err != nil {
		t.Error(err)
	}
	c := &collection{schema: map[string]*client.PayloadSchemaInfo{"user": {DataType: client.PayloadSchemaType_Keyword}}}
	if err := c.indexed(where(client.NewMatchKeyword("user", "ana"), client.NewHasID(client.NewIDUUID(some)))); err != nil {
		t.Error(err)
	}
	for _, x := range []*client.Condition{client.NewMatchKeyword("home", "h"), client.NewMatchBool("user", true)} {
		if err := c.indexed(where(x)); err == nil || !strings.Contains(err.Error(), "Index required") {
			t.Errorf("%v: %v", x, err)
		}
	}
}
