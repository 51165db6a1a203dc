package qdrant

import (
	"context"
	"errors"
	"fmt"

	client "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/jarvis-host/jarvis/host/memory"
)

// ErrForeign says that a collection holds something else, and is left alone.
var ErrForeign = errors.New("holds something else and is left as it is: name another one in memory.qdrant.collection")

// Marks of a collection that is ours, in its metadata.
const (
	metaMaker, maker = "made_by", "jarvis memory"
	metaModel        = "model"
	metaLayout       = "layout"
)

// open makes the collection what the index needs: it is made when it is not
// there, and made anew when it is ours and does not fit, for everything in it can
// be.
func (s *Store) open(ctx context.Context) error {
	length, err := s.lengthOfVectors(ctx)
	if err != nil {
		return err
	}
	info, err := s.info(ctx)
	if err != nil {
		return err
	}
	if info != nil && !s.fits(info, length) {
		if !ours(info) {
			return fmt.Errorf("collection %q %w", s.o.Server.Collection, ErrForeign)
		}
		if err := s.client.DeleteCollection(ctx, s.o.Server.Collection); err != nil {
			return err
		}
		info = nil
	}
	if info == nil {
		if err := s.create(ctx, length); err != nil {
			return err
		}
		if info, err = s.info(ctx); err != nil {
			return err
		}
	}
	s.takes.Store(int64(lengthOf(info)))
	return s.indexFields(ctx, info)
}

// lengthOfVectors is how long vectors of the model are; 0 where there are none.
func (s *Store) lengthOfVectors(ctx context.Context) (int, error) {
	if s.o.Model == "" {
		return 0, nil
	}
	owners, err := s.Owners(ctx)
	if err != nil && !errors.Is(err, memory.ErrDamaged) {
		return 0, err
	}
	for _, o := range owners {
		if n, err := s.VectorLength(ctx, o, s.o.Model); n > 0 || err != nil && !errors.Is(err, memory.ErrDamaged) {
			return n, err
		}
	}
	return 0, nil
}

// info is what the server says of the collection; nil when there is none.
func (s *Store) info(ctx context.Context) (*client.CollectionInfo, error) {
	info, err := s.client.GetCollectionInfo(ctx, s.o.Server.Collection)
	if status.Code(err) == codes.NotFound {
		return nil, nil //nolint:nilnil // it is not there
	}
	return info, err
}

// ours says whether a collection was made by a host: it says so itself, or, on a
// server that keeps no metadata, has the vectors that only we name like this.
func ours(info *client.CollectionInfo) bool {
	return info.GetConfig().GetMetadata()[metaMaker].GetStringValue() == maker || hasWords(info)
}

func hasWords(info *client.CollectionInfo) bool {
	sparse := info.GetConfig().GetParams().GetSparseVectorsConfig().GetMap()
	for _, name := range []string{vectorWords, vectorContext} {
		if sparse[name].GetModifier() != client.Modifier_Idf {
			return false
		}
	}
	return true
}

// fits says whether a collection takes what the index writes. Vectors of another
// length don't fit; a place for vectors that nobody makes any more does no harm.
func (s *Store) fits(info *client.CollectionInfo, length int) bool {
	return hasWords(info) && (length == 0 || lengthOf(info) == length)
}

// lengthOf is the length of the vectors that a collection takes; 0 is none.
func lengthOf(info *client.CollectionInfo) int {
	p := info.GetConfig().GetParams().GetVectorsConfig().GetParamsMap().GetMap()[vectorMeaning]
	if p.GetDistance() != client.Distance_Cosine {
		return 0
	}
	return int(p.GetSize()) //nolint:gosec // below 65536
}

func (s *Store) create(ctx context.Context, length int) error {
	words := &client.SparseVectorParams{Modifier: client.Modifier_Idf.Enum()}
	request := &client.CreateCollection{
		CollectionName:      s.o.Server.Collection,
		SparseVectorsConfig: client.NewSparseVectorsConfig(map[string]*client.SparseVectorParams{vectorWords: words, vectorContext: proto.CloneOf(words)}),
		Metadata:            client.NewValueMap(map[string]any{metaMaker: maker, metaLayout: layout, metaModel: s.o.Model}),
	}
	if length > 0 {
		request.VectorsConfig = client.NewVectorsConfigMap(map[string]*client.VectorParams{
			vectorMeaning: {Size: uint64(length), Distance: client.Distance_Cosine}, //nolint:gosec // a length
		})
	}
	return s.client.CreateCollection(ctx, request)
}

// indexFields makes the indexes that filters need.
func (s *Store) indexFields(ctx context.Context, info *client.CollectionInfo) error {
	for _, f := range []struct {
		name   string
		kind   client.FieldType
		tenant bool
	}{
		{fieldUser, client.FieldType_FieldTypeKeyword, true},
		{fieldHome, client.FieldType_FieldTypeKeyword, false},
		{fieldKind, client.FieldType_FieldTypeKeyword, false},
		{fieldModel, client.FieldType_FieldTypeKeyword, false},
		{fieldCreated, client.FieldType_FieldTypeDatetime, false},
		{fieldSuperseded, client.FieldType_FieldTypeBool, false},
		{fieldFaded, client.FieldType_FieldTypeBool, false},
	} {
		if info.GetPayloadSchema()[f.name] != nil {
			continue
		}
		request := &client.CreateFieldIndexCollection{
			CollectionName: s.o.Server.Collection, Wait: proto.Bool(true), FieldName: f.name, FieldType: f.kind.Enum(),
		}
		if f.tenant { // points of one owner are kept together
			request.FieldIndexParams = client.NewPayloadIndexParamsKeyword(&client.KeywordIndexParams{IsTenant: proto.Bool(true)})
		}
		if err := completed(s.client.CreateFieldIndex(ctx, request)); err != nil {
			return err
		}
	}
	return nil
}

// completed says that a change is not done yet, where it is only promised.
func completed(r *client.UpdateResult, err error) error {
	if err == nil && r.GetStatus() != client.UpdateStatus_Completed {
		return fmt.Errorf("%w: %s", errPromised, r.GetStatus())
	}
	return err
}
