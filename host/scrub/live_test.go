package scrub

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// drawnRun is what a credential has at least; a template has not.
var drawnRun = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}`)

// live tells what in a line looks like a credential by itself: its maker's
// beginning, or its structure.
func live(line string) (found []string) {
	for i := range len(line) {
		if i > 0 && tokenByte(line[i-1]) {
			continue
		}
		if n := prefixed(line[i:]); n > 0 && lookOf(line[i:i+n]) >= drawnLook {
			found = append(found, line[i:i+n])
		}
	}
	lower := small(line)
	for _, p := range patterns {
		if p.alone && slices.ContainsFunc(p.keywords, func(k string) bool { return strings.Contains(lower, k) }) {
			for _, c := range p.find(line, lower, nil) {
				found = append(found, line[c.from:c.to])
			}
		}
	}
	return slices.DeleteFunc(found, func(m string) bool { return strings.ContainsAny(m, "{«") || !drawnRun.MatchString(m) })
}

// fault-K14: no file of the repository holds what a scanner takes for a secret.
func TestNothingInTheRepositoryLooksLikeALiveSecret(t *testing.T) {
	const root = "../.."
	if got := live("x: gh" + "p_" + strings.Repeat("aB3dE6gH9", 4)); len(got) != 1 {
		t.Fatalf("the check finds %q", got)
	}
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (name == ".git" || name == ".cache" || slices.Contains([]string{"node_modules", "bin", "data", "fuzz"}, name)) && filepath.Dir(path) == root || name == "node_modules" || name == "fuzz" {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Size() > 1<<20 || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
			return nil // no text
		}
		files++
		n := 0
		for line := range strings.Lines(string(raw)) {
			n++
			if len(line) > 2000 {
				continue // made by a program
			}
			for _, secret := range live(line) {
				t.Errorf("%s:%d: %q looks like a live secret; make it at run time", path, n, secret)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 300 {
		t.Errorf("only %d files were read", files)
	}
}
