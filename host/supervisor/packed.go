package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/jarvis-host/jarvis/sdk"
)

// packedName is the file that `jarvis plugin pack` puts beside a program.
const packedName = "plugin.json"

// maxPacked is how many bytes of it are read.
const maxPacked = 4 << 20

// packed returns what the file beside the plugin's program says of it, or nil: there is
// none, it is none that can be read, or it is of another program than the verified
// copy, whose folder is its hash.
func (k *keeper) packed(verified string) *sdk.Manifest {
	f, err := os.Open(filepath.Join(filepath.Dir(k.cfg.Path), packedName))
	if err != nil {
		return nil
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxPacked))
	if err != nil {
		return nil
	}
	var p struct {
		SHA256 string        `json:"sha256"`
		Plugin *sdk.Manifest `json:"plugin"`
	}
	if json.Unmarshal(raw, &p) != nil || !strings.EqualFold(p.SHA256, filepath.Base(filepath.Dir(verified))) {
		return nil
	}
	return p.Plugin
}

// beginning is how a plugin starts that is told to: with its process, or, where it
// idles and what it is stands beside its program, without one until somebody calls.
func (k *keeper) beginning(context.Context) phase {
	if k.cfg.IdleAfter <= 0 {
		return k.starting("")
	}
	program, err := k.s.store.verified(k.cfg.Path, k.cfg.SHA256)
	if err != nil {
		return k.starting("") // which says what is wrong
	}
	m := k.packed(program)
	if m == nil {
		return k.starting("")
	}
	if err := judgeManifest(m, k.cfg, k.s.opts.HostVersion); err != nil {
		return k.opened(outcome{err: err})
	}
	k.update(func() { k.status.Version = m.Version })
	k.offers(m)
	return k.idle
}

// judgePacked refuses a program that is not what the file beside it says: people
// judged, and may have granted, something else.
func judgePacked(packed, m *sdk.Manifest) error {
	if packed == nil {
		return nil
	}
	for _, part := range []struct {
		name       string
		said, runs any
	}{
		{"version", packed.Version, m.Version},
		{"needs", packed.Needs, m.Needs},
		{"tools", packed.Tools, m.Tools},
		{"config_schema", packed.ConfigSchema, m.ConfigSchema},
		{"manifest", packed, m},
	} {
		said, err := json.Marshal(part.said)
		if err != nil {
			return fmt.Errorf("compare manifests: %w", err)
		}
		runs, err := json.Marshal(part.runs)
		if err != nil {
			return fmt.Errorf("compare manifests: %w", err)
		}
		if string(said) != string(runs) {
			return blocked("manifest", "the program's %s is not what %s beside it says: pack it again with `jarvis plugin pack`, or remove that file", part.name, packedName)
		}
	}
	return nil
}
