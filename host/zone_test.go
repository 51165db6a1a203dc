package host

import "testing"

// A zone has a name that a client in another place understands.
func TestTheZoneIsNamed(t *testing.T) {
	if got := zone("Europe/Paris").String(); got != "Europe/Paris" {
		t.Errorf("configured: %s", got)
	}
	for tz, want := range map[string]string{"Asia/Tokyo": "Asia/Tokyo", ":Asia/Tokyo": "Asia/Tokyo", "Nowhere/Land": "UTC", "Local": "UTC"} {
		t.Setenv("TZ", tz)
		if got := zone("").String(); got != want {
			t.Errorf("TZ=%s: %s, want %s", tz, got, want)
		}
	}
	t.Setenv("TZ", "")
	if got := zone("").String(); got == "Local" || got == "" {
		t.Errorf("the machine's: %q", got)
	}
}
