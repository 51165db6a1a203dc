package host

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
)

func TestAGrantThatGrantsNothingIsNamed(t *testing.T) {
	door := &sdk.Manifest{
		Tools: []sdk.ToolSpec{{Name: "open"}, {Name: "knock"}},
		Needs: []sdk.Need{{Kind: "schedule"}, {Kind: "net", Scope: "doors.example:443"}, {Kind: "exec", Scope: "bell"}},
	}
	loose := &sdk.Manifest{Needs: []sdk.Need{{Kind: "net", Scope: "config:/url"}}} // its tools come when it runs
	mixed := *loose
	mixed.Tools, mixed.Features = door.Tools, []string{sdk.FeatureDynamicTools}
	for grant, want := range map[string]struct{ door, loose string }{
		"schedule":              {},
		"*":                     {},
		"net other.example:99":  {},
		"exec bell":             {"", `"exec bell": unknown grant, expected a need such as net api.example.com:443`},
		"open":                  {},
		"write_file":            {`"write_file": unknown grant, expected a tool of the plugin, *, or a need`, ""},
		"scedule":               {`"scedule": unknown grant, expected a tool of the plugin, *, or a need; did you mean "schedule"?`, `"scedule": unknown grant, expected *, or a need; did you mean "schedule"?`},
		"opne":                  {`"opne": unknown grant, expected a tool of the plugin, *, or a need; did you mean "open"?`, ""},
		"net doors.exmaple:443": {`"net doors.exmaple:443": unknown grant, expected what the plugin needs; did you mean "net doors.example:443"?`, ""},
		"nett config:/url": {
			`"nett config:/url": unknown grant, expected a need such as net api.example.com:443; did you mean "net config:/url"?`,
			`"nett config:/url": unknown grant, expected a need such as net api.example.com:443; did you mean "net config:/url"?`,
		},
	} {
		for _, tc := range []struct {
			m    *sdk.Manifest
			want string
		}{{door, want.door}, {loose, want.loose}, {&mixed, want.loose}} {
			got := ""
			if err := errors.Join(checkGrants("door", []string{grant}, tc.m)...); err != nil {
				got = err.Error()
			}
			if tc.want != "" {
				tc.want = "plugins.door.grants: " + tc.want
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s, %d tools (-want +got):\n%s", grant, len(tc.m.Tools), diff)
			}
		}
	}
}
