package config

import (
	"net/url"
	"regexp"
	"strings"
	"time"
)

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

	Qdrant QdrantConfig `koanf:"qdrant"`
}

// QdrantConfig is a Qdrant server that finds what may answer a question, for
// memories that are large or have many vectors. It gets numbers, never texts,
// holds nothing that is not kept here too, and may come and go.
type QdrantConfig struct {
	// URL is the server's address for gRPC, such as http://127.0.0.1:6334, with
	// https for TLS; empty is no server.
	URL string `koanf:"url"`
	// Key is the server's API key, as env:NAME to take it from the environment,
	// file:PATH from a file, or secret:NAME from the service manager.
	Key Secret `koanf:"key"`
	// KeyFile is a file that holds the key, and that only its owner can read.
	KeyFile string `koanf:"key_file" path:"true"`
	// CAFile is a file with the certificates that sign the server's; the system's
	// count without one.
	CAFile string `koanf:"ca_file" path:"true"`
	// Collection is the collection's name. It is made when it is not there; give
	// each host one of its own.
	Collection string `koanf:"collection"`
	// SearchWithin is how long a search may take; beyond, memory searches by
	// itself.
	SearchWithin time.Duration `koanf:"search_within" min:"1ms" max:"10s"`
}

// collectionName is what Qdrant takes as the name of a collection.
var collectionName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$`)

// qdrant checks the server's section and reads its key.
func (l *loader) qdrant(q *QdrantConfig) {
	const key = "memory.qdrant." // begins every key of the section
	if !collectionName.MatchString(q.Collection) {
		l.at(key+"collection", quote(q.Collection), "a name of letters, digits, _ and -", "")
	}
	if q.URL != "" {
		l.qdrantURL(key+"url", q.URL)
	}
	if q.KeyFile == "" {
		return
	}
	if !q.Key.IsZero() {
		l.at(key+"key_file", quote(q.KeyFile), "one source of the key", key+"key is set too ("+l.originOf(key+"key").where+")")
		return
	}
	if text, ok := l.privateFile(key+"key_file", q.KeyFile); ok {
		q.Key = NewSecret(text)
		l.know(key+"key_file", text)
	}
}

func (l *loader) qdrantURL(key, text string) {
	const expected = "an address such as http://127.0.0.1:6334"
	u, err := url.Parse(text)
	switch {
	case err == nil && u.User != nil:
		l.at(key, masked, "an address without a name and password in it", "the key goes into memory.qdrant.key")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		hint := ""
		if text != "" && !strings.Contains(text, "://") {
			hint = "did you mean http://" + text + "?"
		}
		l.at(key, quote(text), expected, hint)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		l.at(key, quote(text), expected, "it is the address for gRPC, which has no path")
	case u.Port() != "" && !isPort(u.Port()):
		l.at(key, quote(text), "a port from 1 to 65535", "")
	}
}

func defaultMemory() MemoryConfig {
	return MemoryConfig{
		Enabled: true, MaxEpisodes: 100_000, Consolidate: 6 * time.Hour, RecallWithin: 50 * time.Millisecond, ReadWithModel: true,
		Qdrant: QdrantConfig{Collection: "jarvis_memory", SearchWithin: 25 * time.Millisecond},
	}
}
