package telemetry

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/scrub"
)

// section is one of a configuration of fluent-bit's.
type section struct {
	name string
	set  map[string]string
}

func fluentBit(t *testing.T, name string) []section {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/fluent-bit/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var all []section
	for line := range strings.SplitSeq(string(raw), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			all = append(all, section{strings.Trim(line, "[]"), map[string]string{}})
		case len(all) == 0:
			t.Fatalf("%s: %q stands before any section", name, line)
		default:
			key, value, ok := strings.Cut(line, " ")
			if !ok {
				t.Fatalf("%s: %q sets nothing", name, line)
			}
			all[len(all)-1].set[strings.ToLower(key)] = strings.TrimSpace(value)
		}
	}
	return all
}

// The parser of deploy/fluent-bit reads the time of what the host logs, to the
// millisecond.
func TestFluentBitUnderstandsARecord(t *testing.T) {
	parsers := map[string]map[string]string{}
	for _, s := range fluentBit(t, "parsers.conf") {
		parsers[s.set["name"]] = s.set
	}
	seen := map[string]bool{}
	for _, s := range fluentBit(t, "fluent-bit.conf") {
		seen[s.name] = true
		if p := s.set["parser"]; p != "" && parsers[p] == nil {
			t.Errorf("parser %s is not in parsers.conf", p)
		}
		if f := s.set["parsers_file"]; f != "" && f != "parsers.conf" {
			t.Errorf("parsers are read from %s", f)
		}
	}
	if !seen["SERVICE"] || !seen["INPUT"] || !seen["OUTPUT"] {
		t.Errorf("sections: %v", seen)
	}
	var out bytes.Buffer
	began := time.Now().UTC().Truncate(time.Millisecond)
	NewLogger(&out, FormatJSON, "info", scrub.New()).Info("turn done", KeyTurn, "t_1", KeyDuration, 12)
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	p := parsers["jarvis"]
	layout := strings.NewReplacer("%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05", ".%L", ".000").Replace(p["time_format"])
	at, _ := record[p["time_key"]].(string)
	got, err := time.Parse(layout, at)
	if p["format"] != "json" || err != nil || got.Before(began) || got.After(time.Now()) {
		t.Errorf("with %v, the time %q is read as %v (%v)", p, at, got, err)
	}
}
