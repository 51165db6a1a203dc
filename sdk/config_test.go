package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
)

type settings struct {
	URL     string `json:"url" desc:"Where" default:"http://localhost:8123"`
	Token   string `json:"token,omitempty" secret:"true" pattern:"^t-"`
	Refresh int    `json:"refresh" min:"1" max:"60" default:"5"`
	Units   string `json:"units" enum:"metric,imperial" default:"metric"`
	Lamps   []struct {
		Name string `json:"name"`
	} `json:"lamps,omitempty"`
}

// configured returns a plugin and what it took over last.
func configured(refuse func(settings) error) (*sdk.Plugin, *settings) {
	var last settings
	p := plain(says("")).Use(sdk.Environment{Log: slog.New(slog.DiscardHandler)})
	sdk.Config(p, func(_ context.Context, s settings) error {
		if refuse != nil {
			if err := refuse(s); err != nil {
				return err
			}
		}
		last = s
		return nil
	})
	return p, &last
}

func configure(t *testing.T, p *sdk.Plugin, values string, only bool) []sdk.Diagnostic {
	t.Helper()
	done, err := p.Configure(t.Context(), sdk.Configuration{Values: []byte(values), ValidateOnly: only})
	if err != nil {
		t.Fatal(err)
	}
	return done.Diagnostics
}

func TestAConfigurationIsCompletedAndMayChangeAtAnyTime(t *testing.T) {
	p, last := configured(nil)
	for values, want := range map[string]settings{
		"":                            {URL: "http://localhost:8123", Refresh: 5, Units: "metric"},
		`{"refresh":9,"token":"t-1"}`: {URL: "http://localhost:8123", Refresh: 9, Units: "metric", Token: "t-1"},
	} {
		if found := configure(t, p, values, false); len(found) > 0 {
			t.Errorf("%s: %+v", values, found)
		}
		if diff := cmp.Diff(want, *last); diff != "" {
			t.Errorf("%s (-want +got):\n%s", values, diff)
		}
	}
	before := *last
	if found := configure(t, p, `{"units":"imperial"}`, true); len(found) > 0 || !cmp.Equal(before, *last) {
		t.Errorf("validation alone changed the configuration to %+v (%+v)", *last, found)
	}
}

func TestEveryFindingSaysWhereAndWhatWasExpected(t *testing.T) {
	p, last := configured(nil)
	for values, want := range map[string][]string{
		`[]`:                              {": expected a JSON object"},
		`{"unit":"metric"}`:               {`/unit: unknown key, did you mean "units"?`},
		`{"zzz":1}`:                       {"/zzz: unknown key, expected one of lamps, refresh, token, units, url"},
		`{"refresh":"5"}`:                 {"/refresh: expected an integer, got a string"},
		`{"refresh":0,"units":"si"}`:      {"/refresh: expected 1 to 60, got 0", `/units: expected one of metric, imperial, got "si"`},
		`{"lamps":[{"name":"a"},{}]}`:     {"/lamps/1/name: is missing, expected a string"},
		`{"lamps":[{"name":1,"a/b~":1}]}`: {"/lamps/0/a~1b~0: unknown key, expected one of name", "/lamps/0/name: expected a string, got an integer"},
		`{"token":"hunter2"}`:             {"/token: expected a text that matches ^t-, got a secret that does not fit"},
	} {
		var got []string
		for _, d := range configure(t, p, values, false) {
			if !d.Fatal {
				t.Errorf("%s: %+v is not fatal", values, d)
			}
			got = append(got, d.Path+": "+d.Summary)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", values, diff)
		}
	}
	if last.URL != "" {
		t.Errorf("a refused configuration was taken over: %+v", *last)
	}
}

func TestTheAuthorsErrorsAreFindings(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []sdk.Diagnostic
	}{
		"a place": {sdk.Diagnose("/url", "no host in %q", "x"), []sdk.Diagnostic{{Fatal: true, Path: "/url", Summary: `no host in "x"`}}},
		"several": {
			errors.Join(sdk.Diagnose("/url", "a"), fmt.Errorf("wrapped: %w", sdk.Diagnose("/token", "b"))),
			[]sdk.Diagnostic{{Fatal: true, Path: "/url", Summary: "a"}, {Fatal: true, Path: "/token", Summary: "b"}},
		},
		"words":     {&sdk.Error{Code: sdk.CodeInvalid, Message: "No.", Err: errors.New("why")}, []sdk.Diagnostic{{Fatal: true, Summary: "No.", Detail: "why"}}},
		"any other": {errors.New("no route"), []sdk.Diagnostic{{Fatal: true, Summary: "no route"}}},
	} {
		p, _ := configured(func(settings) error { return c.err })
		if diff := cmp.Diff(c.want, configure(t, p, "", false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	p, _ := configured(func(settings) error { panic("oops") })
	if got := configure(t, p, "", false); len(got) != 1 || got[0].Detail != "panic: oops" {
		t.Errorf("a panic becomes %+v", got)
	}
}

func TestAPluginWithoutConfigurationTakesNone(t *testing.T) {
	p := plain(says(""))
	if got := configure(t, p, "{}", false); len(got) > 0 {
		t.Errorf("an empty configuration is refused: %+v", got)
	}
	if got := configure(t, p, `{"a":1}`, false); len(got) != 1 || got[0].Path != "/a" {
		t.Errorf("findings are %+v", got)
	}
	m, err := p.Describe(t.Context())
	if err != nil || m.ConfigSchema != nil {
		t.Errorf("schema is %s, %v", m.ConfigSchema, err)
	}
}
