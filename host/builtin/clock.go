package builtin

import (
	"context"
	"strings"
	"time"

	_ "embed"

	"go.yaml.in/yaml/v3"

	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/sdk"
)

//go:embed zones.yaml
var zoneFile []byte

type timeArgs struct {
	Place string `json:"place,omitempty" desc:"City or country whose time is asked for, such as Tokyo; empty is here"`
}

type dateArgs struct {
	Day string `json:"day" desc:"Which day's date" enum:"yesterday,today,tomorrow,day_after_tomorrow" default:"today"`
}

// days are those that a date is asked for: how far from today, and how it is
// said.
var days = map[string]struct {
	ahead int
	text  string
}{
	"yesterday":          {-1, "builtin.date_yesterday"},
	"today":              {0, "builtin.date_today"},
	"tomorrow":           {1, "builtin.date_tomorrow"},
	"day_after_tomorrow": {2, "builtin.date_day_after_tomorrow"},
}

// clock declares what needs nothing but the time.
func (b *tools) clock(p *sdk.Plugin) {
	sdk.Tool(p, "time", "The current time of day, here or in a place", b.time, sdk.ReadOnly(),
		sdk.Examples("fr", sdk.Example{Text: "quelle heure est-il"},
			sdk.Example{Text: "quelle heure est-il à Tokyo", Args: map[string]any{"place": "Tokyo"}}),
		sdk.Examples("en", sdk.Example{Text: "what time is it"},
			sdk.Example{Text: "what time is it in Tokyo", Args: map[string]any{"place": "Tokyo"}}))
	sdk.Tool(p, "date", "Date and weekday of today or a day beside it", b.date, sdk.ReadOnly(),
		sdk.Examples("fr", sdk.Example{Text: "quel jour sommes-nous"}), sdk.Examples("en", sdk.Example{Text: "what's the date"}))
	sdk.Tool(p, "week", "The number of the current week (ISO 8601)", b.week, sdk.ReadOnly())
}

func (b *tools) time(_ context.Context, c *sdk.Call, in timeArgs) (string, error) {
	lang, place := c.Locale(), strings.TrimSpace(in.Place)
	if place == "" {
		return b.o.Words(lang, "builtin.time", b.o.FormatTime(lang, b.o.Now().In(c.Zone()))), nil
	}
	zone, ok := b.zones[texts.Fold(place)]
	if !ok {
		return "", sdk.Fail(sdk.CodeNotFound, "%s", b.o.Words(lang, "builtin.no_zone", place))
	}
	there := b.o.Now().In(zone)
	return b.o.Words(lang, "builtin.time_there", place, b.o.FormatTime(lang, there), b.o.FormatDate(lang, there)), nil
}

func (b *tools) date(_ context.Context, c *sdk.Call, in dateArgs) (string, error) {
	lang, day := c.Locale(), days[in.Day]
	return b.o.Words(lang, day.text, b.o.FormatDate(lang, b.o.Now().In(c.Zone()).AddDate(0, 0, day.ahead))), nil
}

func (b *tools) week(_ context.Context, c *sdk.Call, _ noArgs) (string, error) {
	_, week := b.o.Now().In(c.Zone()).ISOWeek()
	return b.o.Words(c.Locale(), "builtin.week", week), nil
}

// loadZones reads the time zones by the folded names of their places. A zone
// that this machine does not know is left out.
func loadZones() map[string]*time.Location {
	var file map[string][]string
	if err := yaml.Unmarshal(zoneFile, &file); err != nil {
		panic("zones.yaml: " + err.Error()) // embedded: a test reads it
	}
	zones := map[string]*time.Location{}
	for name, places := range file {
		zone, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		for _, p := range places {
			zones[texts.Fold(p)] = zone
		}
	}
	return zones
}
