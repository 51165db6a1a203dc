package supervisor

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// pack puts beside a program what it says of itself, as `jarvis plugin pack` does.
func pack(t *testing.T, program string, m *sdk.Manifest) {
	t.Helper()
	code, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(map[string]any{"sha256": fmt.Sprintf("%x", sha256.Sum256(code)), "plugin": m}, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(filepath.Dir(program), packedName), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// packedGood is the plugin good, packed, with a change of what the file says.
func packedGood(t *testing.T, change func(*sdk.Manifest)) Config {
	t.Helper()
	c := goodConfig(t)
	c.IdleAfter = time.Hour
	m, err := good().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(m)
	}
	pack(t, c.Path, m)
	return c
}

func TestAPackedPluginIsOfferedBeforeItRunsAndStartsWithItsFirstCall(t *testing.T) {
	s := run(t, nil, packedGood(t, nil))
	if st := status(t, s, "good"); st.State != StateIdle || st.PID != 0 || st.Version != "1.0.0" {
		t.Fatalf("got %+v", st)
	}
	want, err := good().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if offers := s.Ready(); len(offers) != 1 || len(offers[0].Tools) != len(want.Tools) || string(offers[0].ConfigSchema) == "" {
		t.Errorf("it offers %v", offers)
	}
	if got, err := answer(t, s, "hello"); got != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	eventually(t, "the plugin to be ready", func() bool { return status(t, s, "good").State == StateReady })
	if st := status(t, s, "good"); st.PID == 0 || st.Restarts != 0 {
		t.Errorf("got %+v", st)
	}
}

func TestAPackedPluginIsStartedByWhatIsDueForIt(t *testing.T) {
	s := run(t, nil, packedGood(t, nil))
	// It hears no schedules, and says so, but it was started for this one.
	if err := s.Tell(t.Context(), "good", &sdk.Occurrence{Schedule: &sdk.Due{Name: "x"}}); sdk.ErrorCode(err) == sdk.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	if st := status(t, s, "good"); st.PID == 0 {
		t.Errorf("got %+v", st)
	}
}

func TestAProgramThatIsNotWhatWasPackedIsBlocked(t *testing.T) {
	for want, change := range map[string]func(*sdk.Manifest){
		"the program's needs is not": func(m *sdk.Manifest) {
			m.Needs = []sdk.Need{{Kind: "kv"}}
		},
		"the program's tools is not": func(m *sdk.Manifest) { m.Tools[0].Effect = sdk.EffectAdditive },
		"the program's version is":   func(m *sdk.Manifest) { m.Version = "1.0.1" },
		"the program's manifest is":  func(m *sdk.Manifest) { m.Description = "Harmless" },
	} {
		c := packedGood(t, change)
		c.GrantAll = true
		s := run(t, nil, c)
		if st := status(t, s, "good"); st.State != StateIdle {
			t.Fatalf("%s: got %+v", want, st)
		}
		if _, err := answer(t, s, "hello"); sdk.ErrorCode(err) != sdk.CodeUnavailable {
			t.Errorf("%s: it answers %v", want, err)
		}
		eventually(t, "a block", func() bool { return status(t, s, "good").State == StateBlocked })
		if st := status(t, s, "good"); !strings.Contains(st.Reason, want) || !strings.Contains(st.Reason, "jarvis plugin pack") || len(s.Ready()) != 0 {
			t.Errorf("got %+v, want %q", st, want)
		}
	}
}

func TestWhatIsPackedIsJudgedWithoutRunningIt(t *testing.T) {
	s := run(t, nil, packedGood(t, func(m *sdk.Manifest) { m.Needs = []sdk.Need{{Kind: "exec", Scope: "sh", Reason: "fun"}} }))
	if st := status(t, s, "good"); st.State != StateBlocked || !strings.Contains(st.Reason, "need: not granted: exec sh (fun)") || st.PID != 0 {
		t.Errorf("got %+v", st)
	}
}

func TestAFileOfAnotherProgramIsNoManifest(t *testing.T) {
	c := packedGood(t, func(m *sdk.Manifest) { m.Version = "0.9.0" })
	at := filepath.Join(filepath.Dir(c.Path), packedName)
	raw, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"another hash": strings.Replace(string(raw), `"sha256": "`, `"sha256": "00`, 1), "no JSON": "{", "nothing": "",
	} {
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := run(t, nil, c)
		if st := status(t, s, "good"); st.State != StateReady || st.Version != "1.0.0" {
			t.Errorf("%s: got %+v", name, st)
		}
	}
}
