package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/serve"
)

// pluginPrefix begins the names under which this program is a plugin.
const pluginPrefix = "jarvis-plugin-bench"

// servePlugin is this program as a plugin with one tool.
func servePlugin(program string) {
	id := strings.TrimPrefix(program, "jarvis-plugin-")
	p := sdk.New(id, "1.0.0", "A plugin to start the host with").Languages("en")
	sdk.Tool(p, "echo", "Say something again", func(_ context.Context, _ *sdk.Call, in struct {
		Text string `json:"text" desc:"What is said"`
	},
	) (string, error) {
		return in.Text, nil
	}, sdk.ReadOnly())
	serve.Main(p)
}

// coldStart is F11 and S15: from the start of the program to the host's being
// ready, with plugins that have mutual TLS.
func (b *bench) coldStart(ctx context.Context) ([]goal, error) {
	config := fmt.Sprintf(hostConfig, b.model.url, modelName)
	few, err := b.starts(ctx, config)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-plugins-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	more, err := threePlugins(dir)
	if err != nil {
		return nil, err
	}
	many, err := b.starts(ctx, config+more)
	if err != nil {
		return nil, err
	}
	return []goal{
		{id: "F11", what: "start to ready, two plugins, mutual TLS", unit: "ms", figure: few, ratio: few, must: 300, better: 50},
		{id: "S15", what: "start to ready, five plugins, mutual TLS", unit: "ms", figure: many, ratio: many, must: 500},
	}, nil
}

// threePlugins puts this program into a folder under three names.
func threePlugins(dir string) (config string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	config = "plugins_dir: " + dir + "\nplugins:\n"
	for i := range 3 {
		name := fmt.Sprint(pluginPrefix, i)
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			return "", err
		}
		config += "  " + strings.TrimPrefix(name, "jarvis-plugin-") + ":\n    enabled: true\n"
	}
	return config, nil
}

// starts is the median of some starts, in milliseconds, with a data directory
// that is there already.
func (b *bench) starts(ctx context.Context, config string) (float64, error) {
	dir, err := os.MkdirTemp("", "bench-start-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var took []float64
	for i := range 2 + b.rounds {
		p, err := startHostIn(ctx, b.settings.host, dir, config)
		if err != nil {
			return 0, err
		}
		if i > 0 { // the first one makes its data
			took = append(took, float64(p.took)/float64(time.Millisecond))
		}
		p.dir = "" // it is used again
		p.stop()
	}
	return median(took), nil
}
