package host

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/sdk"
)

// programPrefix is what the file names of plugins begin with.
const programPrefix = "jarvis-plugin-"

// own are the project's plugins: on, wherever they stand beside the program.
var own = []string{"hangman", "weather"}

// kinds are the project's programs that run under ids of the operator's; what
// they need follows from the configuration, which the operator wrote.
var kinds = []string{"mcp"}

// discover decides which plugins there are: the project's own that are found
// beside the program, and those that the configuration names.
func discover(c *config.Config, program string) ([]supervisor.Config, error) {
	beside := filepath.Dir(program)
	ids := slices.Sorted(maps.Keys(c.Plugins))
	for _, id := range own {
		if _, named := c.Plugins[id]; !named && exists(filepath.Join(beside, programPrefix+id)) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var out []supervisor.Config
	var problems []error
	for _, id := range ids {
		p := c.Plugins[id]
		values, err := values(p)
		if err != nil {
			problems = append(problems, fmt.Errorf("plugins.%s: %w", id, err))
			continue
		}
		on := slices.Contains(own, id)
		if p.Enabled != nil {
			on = *p.Enabled
		}
		out = append(out, supervisor.Config{
			ID: id, Path: locate(c, p, id, beside), Values: values, Enabled: on && p.Problem == "", IdleAfter: p.IdleAfter, Brokered: p.Brokered,
			Grants: needGrants(p.Grants), GrantAll: slices.Contains(own, cmp.Or(p.Kind, id)) || slices.Contains(kinds, p.Kind),
			Env: instance(id, p.Kind),
		})
	}
	return out, errors.Join(problems...)
}

// instance tells a program that may run several times which one it is.
func instance(id, kind string) []string {
	if kind == "" {
		return nil
	}
	return []string{sdk.InstanceVariable + "=" + id}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// locate finds a plugin's program: where the configuration says, in the
// plugins' folder, or beside this program. A bare name is looked for there too.
func locate(c *config.Config, p config.PluginConfig, id, beside string) string {
	name := cmp.Or(p.Path, programPrefix+cmp.Or(p.Kind, id))
	if strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	if c.PluginsDir != "" {
		if path := filepath.Join(c.PluginsDir, name); exists(path) {
			return path
		}
	}
	return filepath.Join(beside, name)
}

// values is a plugin's configuration as JSON: its file, and over it what
// stands in the host's own.
func values(p config.PluginConfig) (json.RawMessage, error) {
	all := map[string]any{}
	if p.ConfigFile != "" {
		raw, err := os.ReadFile(p.ConfigFile)
		if err != nil {
			return nil, fmt.Errorf("config_file: %w", err)
		}
		if err := yaml.Unmarshal(raw, &all); err != nil {
			return nil, fmt.Errorf("config_file %s: %w", p.ConfigFile, err)
		}
	}
	maps.Copy(all, p.Config)
	out, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return out, nil
}

// An entry of plugins.<id>.grants is the name of a tool, or a need as the
// plugin's manifest has it: "net api.example.com:443". A need without a scope
// is one word, and grants a tool of that name too.

func toolGrants(grants []string) []string {
	return slices.DeleteFunc(slices.Clone(grants), func(g string) bool { return strings.Contains(g, " ") })
}

var unscoped = []string{sdk.NeedKV, sdk.NeedSchedule, sdk.NeedNotify, sdk.NeedSession, sdk.NeedLLM}

func needGrants(grants []string) []sdk.Need {
	var needs []sdk.Need
	for _, g := range grants {
		kind, scope, ok := strings.Cut(g, " ")
		if ok || slices.Contains(unscoped, kind) {
			needs = append(needs, sdk.Need{Kind: kind, Scope: strings.TrimSpace(scope)})
		}
	}
	return needs
}
