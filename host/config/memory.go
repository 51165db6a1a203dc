package config

import "time"

// MemoryConfig is what the host remembers of its end users, each on their own.
type MemoryConfig struct {
	// Enabled is whether anything is remembered at all. Conversations are kept
	// either way.
	Enabled bool `koanf:"enabled"`
	// MaxEpisodes is how many things that were said are kept of an end user;
	// beyond, what is worth least fades, and is gone after 30 days. 0 is no limit.
	MaxEpisodes int `koanf:"max_episodes" min:"0" max:"10000000"`
	// Retention is how long what was said is kept, such as 8760h for a year; 0s is
	// for ever.
	Retention time.Duration `koanf:"retention" min:"0s" max:"876000h"`
	// Consolidate is how often memories are tidied up: what says the same is
	// merged, what is over forgotten. 0s is never.
	Consolidate time.Duration `koanf:"consolidate" min:"0s" max:"8760h"`
	// RecallWithin is how long an answer waits for what is remembered. It is given
	// without it when that takes longer, and says that it is degraded.
	RecallWithin time.Duration `koanf:"recall_within" min:"1ms" max:"10s"`
	// ReadWithModel is whether a model, where there is one, also reads new messages
	// for facts when memories are tidied up, once each and within the end user's
	// budget. Only what the words bear out is kept.
	ReadWithModel bool `koanf:"read_with_model"`
}

func defaultMemory() MemoryConfig {
	return MemoryConfig{Enabled: true, MaxEpisodes: 100_000, Consolidate: 6 * time.Hour, RecallWithin: 50 * time.Millisecond, ReadWithModel: true}
}
