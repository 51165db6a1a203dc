package weather

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The public service's addresses. Both can be pointed at a server of one's own.
const (
	defaultForecastURL  = "https://api.open-meteo.com/v1/forecast"
	defaultGeocodingURL = "https://geocoding-api.open-meteo.com/v1/search"
)

// maxReply bounds a reply of the service, in bytes.
const maxReply = 1 << 20

// errService says that the service did not answer, or not with a forecast.
var errService = errors.New("weather service")

// Place is a place on earth that the geocoder knows.
type Place struct {
	ID         int     `json:"id"`
	Name       string  `json:"name"`
	Latitude   float64 `json:"latitude"`
	Longitude  float64 `json:"longitude"`
	Country    string  `json:"country"`
	Region     string  `json:"admin1"`
	District   string  `json:"admin2"`
	Population int     `json:"population"`
	Feature    string  `json:"feature_code"`
}

// Forecast is what the service says of a place: the present and the days from
// today on. Values are pointers because each can be missing.
type Forecast struct {
	TimeZone string `json:"timezone"`
	Current  struct {
		Time        string   `json:"time"`
		Temperature *float64 `json:"temperature_2m"`
		FeelsLike   *float64 `json:"apparent_temperature"`
		Code        *int     `json:"weather_code"`
		Wind        *float64 `json:"wind_speed_10m"`
	} `json:"current"`
	Daily struct {
		Time     []string   `json:"time"` // local days, 2006-01-02
		Code     []*int     `json:"weather_code"`
		Max      []*float64 `json:"temperature_2m_max"`
		Min      []*float64 `json:"temperature_2m_min"`
		Rain     []*float64 `json:"precipitation_sum"`
		RainRisk []*float64 `json:"precipitation_probability_max"`
		Wind     []*float64 `json:"wind_speed_10m_max"`
	} `json:"daily"`
}

// Service is a client of Open-Meteo. Safe for concurrent use.
type Service struct {
	HTTP         *http.Client
	ForecastURL  string
	GeocodingURL string
}

// Search finds places by name, the best known first, named in lang.
func (s *Service) Search(ctx context.Context, name, lang string) ([]Place, error) {
	q := url.Values{"name": {name}, "count": {"10"}, "language": {lang}, "format": {"json"}}
	var reply struct {
		Results []Place `json:"results"` // absent when nothing is found
	}
	if err := s.get(ctx, s.GeocodingURL, q, &reply); err != nil {
		return nil, fmt.Errorf("find place: %w", err)
	}
	return reply.Results, nil
}

// Forecast asks for a place's weather: the present and eight days.
func (s *Service) Forecast(ctx context.Context, p Place, u Units) (*Forecast, error) {
	q := url.Values{
		"latitude":      {strconv.FormatFloat(p.Latitude, 'f', 4, 64)},
		"longitude":     {strconv.FormatFloat(p.Longitude, 'f', 4, 64)},
		"timezone":      {"auto"},
		"forecast_days": {"8"},
		"current":       {"temperature_2m,apparent_temperature,weather_code,wind_speed_10m"},
		"daily": {"weather_code,temperature_2m_max,temperature_2m_min,precipitation_sum," +
			"precipitation_probability_max,wind_speed_10m_max"},
	}
	if u == Imperial {
		q.Set("temperature_unit", "fahrenheit")
		q.Set("wind_speed_unit", "mph")
		q.Set("precipitation_unit", "inch")
	}
	var f Forecast
	if err := s.get(ctx, s.ForecastURL, q, &f); err != nil {
		return nil, fmt.Errorf("get forecast: %w", err)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("get forecast: %w: %w", errService, err)
	}
	return &f, nil
}

// check refuses a reply whose columns do not fit together.
func (f *Forecast) check() error {
	n := len(f.Daily.Time)
	if n == 0 {
		return errors.New("the reply has no days")
	}
	for name, got := range map[string]int{
		"weather_code": len(f.Daily.Code), "temperature_2m_max": len(f.Daily.Max), "temperature_2m_min": len(f.Daily.Min),
		"precipitation_sum": len(f.Daily.Rain), "precipitation_probability_max": len(f.Daily.RainRisk), "wind_speed_10m_max": len(f.Daily.Wind),
	} {
		if got != n {
			return fmt.Errorf("the reply has %d values of %s for %d days", got, name, n)
		}
	}
	return nil
}

func (s *Service) get(ctx context.Context, base string, q url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errService, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: read reply: %w", errService, err)
	case len(body) > maxReply:
		return fmt.Errorf("%w: reply over %d bytes", errService, maxReply)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w: status %d: %s", errService, resp.StatusCode, reason(body))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: read reply: %w", errService, err)
	}
	return nil
}

// reason is the service's own word on an error.
func reason(body []byte) string {
	var e struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(body, &e) == nil && e.Reason != "" {
		return e.Reason
	}
	return strings.ToValidUTF8(string(body[:min(len(body), 200)]), "?")
}
