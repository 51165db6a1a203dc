package qdranttest

import (
	"context"
	"maps"

	client "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// collection is a collection with its points.
type collection struct {
	config *client.CollectionConfig
	schema map[string]*client.PayloadSchemaInfo
	points map[string]*client.PointStruct
}

// collections is the service of collections.
type collections struct {
	client.UnimplementedCollectionsServer
	*Server
}

// Create implements the service.
func (s collections) Create(_ context.Context, r *client.CreateCollection) (*client.CollectionOperationResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.GetCollectionName()
	if s.Server.collections[name] != nil {
		return nil, status.Errorf(codes.AlreadyExists, "Wrong input: Collection `%s` already exists!", name)
	}
	s.Server.collections[name] = &collection{
		config: &client.CollectionConfig{Metadata: r.GetMetadata(), Params: &client.CollectionParams{
			VectorsConfig: r.VectorsConfig, SparseVectorsConfig: r.SparseVectorsConfig,
		}},
		schema: map[string]*client.PayloadSchemaInfo{}, points: map[string]*client.PointStruct{},
	}
	return &client.CollectionOperationResponse{Result: true}, nil
}

// Delete implements the service.
func (s collections) Delete(_ context.Context, r *client.DeleteCollection) (*client.CollectionOperationResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := s.Server.collections[r.GetCollectionName()] != nil
	delete(s.Server.collections, r.GetCollectionName())
	return &client.CollectionOperationResponse{Result: there}, nil
}

// Get implements the service.
func (s collections) Get(_ context.Context, r *client.GetCollectionInfoRequest) (*client.GetCollectionInfoResponse, error) {
	out := &client.GetCollectionInfoResponse{}
	err := s.with(r.GetCollectionName(), func(c *collection) error {
		n := uint64(len(c.points))
		out.Result = &client.CollectionInfo{
			Status: client.CollectionStatus_Green, Config: c.config, PayloadSchema: maps.Clone(c.schema), PointsCount: &n,
		}
		return nil
	})
	return out, err
}
