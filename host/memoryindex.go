package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/doctor"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/qdrant"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// indexService is what the health of the memory index is called.
const indexService = "qdrant"

// indexed has a server find candidates in what is kept, where the configuration
// names one, and ends both with the host.
func (h *Host) indexed(c *config.Config, kept *embedded.Store) (memory.Store, error) {
	if c.Memory.Qdrant.URL == "" {
		h.onStop("memory", func(context.Context) error { return kept.Close() })
		return kept, nil
	}
	index, err := openIndex(c, kept, func(o *qdrant.Options) {
		o.Counted = h.metrics.MemoryOperation
		o.Log = func(msg string, err error) {
			if err == nil {
				h.log.Info(msg)
				return
			}
			h.log.Warn(msg, telemetry.KeyError, err)
		}
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		index.Run(ctx)
	}()
	h.onStop("memory", func(context.Context) error {
		cancel()
		<-ended
		return index.Close()
	})
	h.health.Register(indexService, false, index.Check)
	return index, nil
}

func openIndex(c *config.Config, kept *embedded.Store, more func(*qdrant.Options)) (*qdrant.Store, error) {
	home, err := kept.Home()
	if err != nil {
		return nil, err
	}
	o := qdrant.Options{Truth: kept, Home: home, Server: indexServer(c), SearchWithin: c.Memory.Qdrant.SearchWithin, Model: embeddingName(c)}
	if more != nil {
		more(&o)
	}
	index, err := qdrant.New(o)
	if err != nil {
		return nil, fmt.Errorf("%w: memory.qdrant: %w", ErrConfig, err)
	}
	return index, nil
}

func indexServer(c *config.Config) qdrant.Server {
	q := c.Memory.Qdrant
	return qdrant.Server{URL: q.URL, Key: q.Key.Reveal(), CAFile: q.CAFile, Collection: q.Collection}
}

// indexCheck is what the doctor looks at.
func indexCheck(c *config.Config) doctor.Check {
	server := indexServer(c)
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	return doctor.MemoryIndex(doctor.Index{
		URL: server.URL, HasKey: server.Key != "", Collection: server.Collection,
		Probe:      func(ctx context.Context) (string, error) { return qdrant.Probe(ctx, server) },
		KeyRefused: is(qdrant.ErrKey), Foreign: is(qdrant.ErrForeign),
		Old: qdrant.Old, Oldest: qdrant.Oldest,
	})
}
