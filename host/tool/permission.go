package tool

import (
	"slices"

	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Grants says what the operator allows beyond reading: the tools, by plugin,
// whose effects may happen. "*" allows all of a plugin's tools.
type Grants map[string][]string

// allows reports whether an end user's turn may call a tool, and if not why:
// the key of the text for the end user.
func (g Grants) allows(t *turn.Turn, o *Offer) (ok bool, reason string) {
	switch t.Role {
	case turn.RoleUser, turn.RoleOperator, turn.RoleService:
	case turn.RoleGuest:
		if o.Plugin != BuiltinPlugin && !slices.Contains(t.Plugins, o.Plugin) {
			return false, "tool.refused_guest"
		}
	case turn.RoleScraper:
		return false, "tool.refused_guest"
	default:
		return false, "tool.refused_guest"
	}
	if o.Spec.Effect == sdk.EffectReadOnly || o.Plugin == BuiltinPlugin {
		return true, ""
	}
	granted := g[o.Plugin]
	if slices.Contains(granted, o.Spec.Name) || slices.Contains(granted, "*") {
		return true, ""
	}
	return false, "tool.refused_grant"
}

// BuiltinPlugin is the id under which the host's own tools stand in the
// catalogue. No plugin may take it.
const BuiltinPlugin = "jarvis"

// quoting are the built-in tools that pass on what plugins say.
var quoting = []string{"undo", "recap"}

// Foreign reports whether what a tool says holds words of others than the host.
func Foreign(plugin, tool string) bool {
	return plugin != BuiltinPlugin || slices.Contains(quoting, tool)
}
