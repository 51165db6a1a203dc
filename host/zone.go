package host

import (
	"cmp"
	"os"
	"strings"
	"time"
)

// machineZone is a link to the machine's time zone, as most systems have it.
const machineZone = "/etc/localtime"

// zone is the configured time zone, or the machine's, always with a name that
// other programs know: plugins and clients get it. The configuration has
// checked its name already.
func zone(configured string) *time.Location {
	name := cmp.Or(configured, os.Getenv("TZ"))
	if name == "" {
		if target, err := os.Readlink(machineZone); err == nil {
			_, name, _ = strings.Cut(target, "/zoneinfo/")
		}
	}
	if z, err := time.LoadLocation(strings.TrimPrefix(name, ":")); err == nil && z != time.Local {
		return z
	}
	return time.UTC
}
