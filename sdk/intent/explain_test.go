package intent

import (
	"slices"
	"strings"
	"testing"
)

func TestAnExplanationSaysWhatMatchedWhatIsBlockedAndWhatIsClose(t *testing.T) {
	m := germanHome(t)
	if e := m.Explain("de", "Licht an!", nil); len(e.Matches) != 0 || len(e.Blocked) != 1 || !strings.Contains(e.Blocked[0].Why, "area") {
		t.Errorf("without a room: got %+v, want one blocked for want of the area", e)
	}
	if e := m.Explain("de", "das Tor auf 40", nil); len(e.Blocked) != 0 || len(e.Close) == 0 {
		t.Errorf("a value that never fits: got %+v, want nothing blocked, something close", e)
	}
	if e := m.Explain("de", "Filmwiedergabe", nil); len(e.Blocked) != 1 || !strings.Contains(e.Blocked[0].Why, "spiele") {
		t.Errorf("without a keyword: got %+v, want one blocked for want of it", e)
	}
	e := m.Explain("de", "mach Licht im Bad auf 20", nil)
	if len(e.Close) == 0 || e.Close[0].Intent != "LightSet" || !slices.Contains(e.Close[0].Extra, "mach") {
		t.Errorf("a word too many: got %+v, want LightSet close, with mach as extra", e.Close)
	}
	if e := m.Explain("xx", "hello", nil); e.Normalized != "hello" || len(e.Matches)+len(e.Close) > 0 {
		t.Errorf("an unknown language: got %+v", e)
	}
}
