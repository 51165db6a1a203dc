package weather

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

//go:embed texts/*.json
var textFiles embed.FS

// Version is the plugin's own version.
const Version = "1.0.0"

// Settings are the plugin's configuration.
type Settings struct {
	Units        Units  `json:"units" desc:"Units of the answers" enum:"metric,imperial" default:"metric"`
	Home         string `json:"home,omitempty" desc:"Place that is meant when none is named, such as Lyon"`
	ForecastURL  string `json:"forecast_url" desc:"Address of the forecast service" default:"https://api.open-meteo.com/v1/forecast"`
	GeocodingURL string `json:"geocoding_url" desc:"Address of the geocoding service" default:"https://geocoding-api.open-meteo.com/v1/search"`
}

// station is the plugin: settings, cache and texts.
type station struct {
	settings atomic.Pointer[Settings]
	cache    *cache
	texts    map[string]map[string]string
}

// New returns the plugin. It panics when the files that are part of this
// program are broken.
func New() *sdk.Plugin { return NewAt(time.Now) }

// NewAt returns the plugin with a clock of the caller's: by it forecasts age.
func NewAt(now func() time.Time) *sdk.Plugin {
	texts, err := loadTexts()
	if err != nil {
		panic(err)
	}
	s := &station{cache: newCache(now), texts: texts}
	s.settings.Store(&Settings{Units: Metric, ForecastURL: defaultForecastURL, GeocodingURL: defaultGeocodingURL})
	p := sdk.New("weather", Version, "Weather forecasts from Open-Meteo").Languages("fr", "en").
		Needs("net", "api.open-meteo.com:443", "ask for forecasts").
		Needs("net", "geocoding-api.open-meteo.com:443", "find places by name").
		Needs("net", "config:/forecast_url", "ask a forecast server of your own").
		Needs("net", "config:/geocoding_url", "ask a geocoding server of your own")
	sdk.Config(p, func(_ context.Context, v Settings) error { s.settings.Store(&v); return nil })
	s.declare(p)
	return p
}

func loadTexts() (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, lang := range []string{"en", "fr"} {
		raw, err := textFiles.ReadFile("texts/" + lang + ".json")
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		var t map[string]string
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("read texts %s: %w", lang, err)
		}
		out[lang] = t
	}
	return out, nil
}

// ForecastArgs are the arguments of the tool forecast.
type ForecastArgs struct {
	City string `json:"city,omitempty" desc:"City or place, such as Lyon or Paris, France; empty is home"`
	When When   `json:"when" desc:"Time asked about" enum:"now,today,tomorrow,day_after_tomorrow,weekend,week,monday,tuesday,wednesday,thursday,friday,saturday,sunday" default:"today"`
}

// maxCity bounds a place's name, in bytes.
const maxCity = 200

// forecast is the plugin's one tool.
func (s *station) forecast(ctx context.Context, c *sdk.Call, in ForecastArgs) (string, error) {
	set := s.settings.Load()
	r := report{texts: s.words(c), units: set.Units}
	city := strings.TrimSpace(in.City)
	if city == "" {
		city = set.Home
	}
	if city == "" {
		answer, err := c.Ask(r.t("which_city"))
		if errors.Is(err, sdk.ErrDeclined) || err == nil && strings.TrimSpace(answer) == "" {
			return r.t("no_city"), nil
		}
		if err != nil {
			return "", err
		}
		city = strings.TrimSpace(answer)
	}
	if len(city) > maxCity {
		return "", sdk.Fail(sdk.CodeInvalid, "%s", r.t("unknown_place", city[:40]+"…"))
	}
	svc := &Service{HTTP: c.HTTP(), ForecastURL: set.ForecastURL, GeocodingURL: set.GeocodingURL}
	place, err := s.place(ctx, c, svc, r, city)
	if errors.Is(err, sdk.ErrDeclined) {
		return r.t("no_city"), nil
	}
	if err != nil {
		return "", err
	}
	r.place = place.Name
	return s.tell(ctx, c, svc, r, place, in.When)
}

func (s *station) words(c *sdk.Call) map[string]string {
	if t, ok := s.texts[c.Locale()]; ok {
		return t
	}
	return s.texts["en"]
}

// place finds the place that a name means, and asks the person when there are
// several.
func (s *station) place(ctx context.Context, c *sdk.Call, svc *Service, r report, name string) (Place, error) {
	found, known := s.cache.search(name, c.Locale())
	if !known {
		var err error
		if found, err = svc.Search(ctx, name, c.Locale()); err != nil {
			if ctx.Err() != nil {
				return Place{}, ctx.Err()
			}
			return Place{}, &sdk.Error{Code: sdk.CodeUnavailable, Message: r.t("down_place", name), Err: err}
		}
		s.cache.keepSearch(name, c.Locale(), found)
	}
	best, choices, well := choose(found)
	if well {
		return best, nil
	}
	if len(choices) == 0 {
		return Place{}, sdk.Fail(sdk.CodeNotFound, "%s", r.t("unknown_place", name))
	}
	options := make([]sdk.Option, len(choices))
	for i, p := range choices {
		options[i] = sdk.Option{Value: strconv.Itoa(p.ID), Label: p.label()}
	}
	chosen, err := c.AskChoice(r.t("which_place", choices[0].Name), options...)
	if err != nil {
		return Place{}, err
	}
	i := slices.IndexFunc(options, func(o sdk.Option) bool { return o.Value == chosen })
	if i < 0 {
		return Place{}, sdk.ErrDeclined
	}
	return choices[i], nil
}

// tell answers from the service, from a fresh answer of it, or, when it is
// down, from the last one with its age.
func (s *station) tell(ctx context.Context, c *sdk.Call, svc *Service, r report, p Place, w When) (string, error) {
	f, age, have := s.cache.forecast(p, r.units)
	if !have || age > fresh {
		asked, err := svc.Forecast(ctx, p, r.units)
		switch {
		case err == nil:
			s.cache.keepForecast(p, r.units, asked)
			f, age = asked, 0
		case ctx.Err() != nil:
			return "", ctx.Err()
		case !have:
			return "", &sdk.Error{Code: sdk.CodeUnavailable, Message: r.t("down", r.place), Err: err}
		default:
			c.Log().Warn("forecast failed, answering from the cache", "error", err, "age", age.String())
		}
	}
	r.f = f
	text, ok := r.say(w)
	if !ok {
		return "", sdk.Fail(sdk.CodeNotFound, "%s", r.t("no_day"))
	}
	if age > fresh {
		return r.aged(text, age), nil
	}
	return text, nil
}
