package host

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/sdk"
)

// needKinds are the needs that the host knows.
var needKinds = append([]string{sdk.NeedNet, sdk.NeedMemory, sdk.NeedSecret}, unscoped...)

// checkGrants names the grants of a plugin that grant nothing: what is neither a
// tool of its manifest nor a need. Tools that a plugin has only once it runs are
// not in its manifest: one that says so, or has no tools there, may get any.
func checkGrants(id string, grants []string, m *sdk.Manifest) []error {
	var tools, needs, missing []string
	for _, t := range m.Tools {
		tools = append(tools, t.Name)
	}
	for _, n := range m.Needs {
		need := strings.TrimSpace(n.Kind + " " + n.Scope)
		needs = append(needs, need)
		if !slices.Contains(grants, need) {
			missing = append(missing, need)
		}
	}
	closed := len(tools) > 0 && !slices.Contains(m.Features, sdk.FeatureDynamicTools)
	var errs []error
	unknown := func(grant, expected, near string) {
		if near != "" {
			expected += fmt.Sprintf("; did you mean %q?", near)
		}
		errs = append(errs, fmt.Errorf("plugins.%s.grants: %q: unknown grant, expected %s", id, grant, expected))
	}
	for _, g := range grants {
		kind, scope, scoped := strings.Cut(g, " ")
		known := slices.Contains(needKinds, kind) || slices.ContainsFunc(m.Needs, func(n sdk.Need) bool { return n.Kind == kind })
		switch {
		case slices.Contains(needs, g), !scoped && (g == "*" || slices.Contains(tools, g) || slices.Contains(unscoped, g)):
		case !scoped && closed:
			unknown(g, "a tool of the plugin, *, or a need", config.Nearest(g, slices.Concat(tools, missing, unscoped)))
		case !scoped:
			if near := config.Nearest(g, slices.Concat(missing, unscoped)); near != "" {
				unknown(g, "*, or a need", near)
			}
		case !known:
			near := config.Nearest(g, missing)
			if kind := config.Nearest(kind, needKinds); near == "" && kind != "" {
				near = strings.TrimSpace(kind + " " + scope)
			}
			unknown(g, "a need such as net api.example.com:443", near)
		default: // the host grants it; who needs something like it meant that
			if near := config.Nearest(g, missing); near != "" {
				unknown(g, "what the plugin needs", near)
			}
		}
	}
	return errs
}
