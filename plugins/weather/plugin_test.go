package weather_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/plugins/weather"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// service is Open-Meteo, small: towns by name, one forecast, and a switch.
type service struct {
	down  atomic.Bool
	asked atomic.Int64
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.down.Load() {
		panic(http.ErrAbortHandler)
	}
	if strings.HasPrefix(r.URL.Path, "/v1/search") {
		name := r.URL.Query().Get("name")
		town := func(id int, region, country string, people int) string {
			return fmt.Sprintf(`{"id":%d,"name":%q,"latitude":%d,"longitude":4.8,"country":%q,"admin1":%q,"feature_code":"PPL","population":%d}`, id, name, id, country, region, people)
		}
		switch {
		case strings.EqualFold(name, "Springfield"):
			fmt.Fprintf(w, `{"results":[%s,%s]}`, town(1, "Missouri", "United States", 170000), town(2, "Illinois", "United States", 114000))
		case strings.EqualFold(name, "Nulle-Part"):
			fmt.Fprint(w, `{"generationtime_ms":0.1}`)
		default:
			fmt.Fprintf(w, `{"results":[%s]}`, town(3, "Rhône", "France", 500000))
		}
		return
	}
	s.asked.Add(1)
	unit := r.URL.Query().Get("temperature_unit")
	current := map[string]string{"": "11.6", "fahrenheit": "52.9"}[unit]
	fmt.Fprintf(w, `{"timezone":"Europe/Paris","current":{"time":"2026-11-24T10:00","temperature_2m":%s,"apparent_temperature":9,"weather_code":3,"wind_speed_10m":12},
"daily":{"time":["2026-11-24","2026-11-25","2026-11-26"],"weather_code":[3,61,0],"temperature_2m_max":[13,15,16],"temperature_2m_min":[6,5,4],"precipitation_sum":[0,4,0],"precipitation_probability_max":[5,80,0],"wind_speed_10m_max":[20,20,20]}}`, current)
}

type bed struct {
	*plugintest.Host
	service *service
	now     atomic.Int64
}

func newBed(t *testing.T, config map[string]any) *bed {
	t.Helper()
	if config == nil {
		config = map[string]any{}
	}
	b := &bed{service: &service{}}
	b.now.Store(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC).Unix())
	clock := func() time.Time { return time.Unix(b.now.Load(), 0).UTC() }
	b.Host = plugintest.New(t, weather.NewAt(clock), plugintest.HTTP(b.service), plugintest.Config(config), plugintest.Clock(clock))
	return b
}

func (b *bed) hears(t *testing.T, lang, text string, want ...string) {
	t.Helper()
	got := b.Say(lang, text)
	for _, w := range want {
		if !strings.Contains(got.Text, w) {
			t.Errorf("%q: no %q in %q (%+v)", text, w, got.Text, got.Problem)
		}
	}
}

// E21: any city, both languages, named times.
func TestTheWeatherIsTold(t *testing.T) {
	b := newBed(t, nil)
	b.hears(t, "fr", "Quel temps fait-il à Lyon ?", "Lyon, en ce moment : couvert, 12 °C")
	b.hears(t, "fr", "météo à São Paulo demain", "São Paulo, demain : pluie faible, de 5 °C à 15 °C, risque de pluie 80 %")
	b.hears(t, "fr", "c'est quoi la météo jeudi à Lille", "Lille, jeudi : ciel dégagé")
	b.hears(t, "fr", "meteo a lyon", "lyon, en ce moment")
	b.hears(t, "en", "what's the weather like in Oslo tomorrow?", "Oslo, tomorrow: light rain")
	b.hears(t, "en", "will it rain tomorrow in Paris", "Paris, tomorrow: light rain")
	b.hears(t, "en", "weather in Rome this week", "Rome, the coming days:", "Thursday: clear sky")
	b.hears(t, "en", "weather in Rome on monday", "no forecast for that day")
	b.hears(t, "fr", "météo à Nulle-Part", "Je ne trouve pas")
}

func TestUnitsFollowTheConfiguration(t *testing.T) {
	b := newBed(t, map[string]any{"units": "imperial"})
	b.hears(t, "en", "weather in Boston", "53 °F")
	if d := b.Configure(map[string]any{"units": "kelvin"}); len(d) == 0 || !d[0].Fatal || d[0].Path != "/units" {
		t.Errorf("kelvin was taken: %+v", d)
	}
}

// E21: an ambiguous place is asked back; so is a missing one.
func TestWhatIsAmbiguousIsAsked(t *testing.T) {
	b := newBed(t, nil)
	b.Answer("2")
	b.hears(t, "en", "weather in Springfield", "Springfield, right now")
	b.Decline()
	b.hears(t, "en", "weather in Springfield", "no weather then")
	b.Answer("Lyon")
	b.hears(t, "fr", "quel temps fait-il", "Lyon, en ce moment")
	home := newBed(t, map[string]any{"home": "Nice"})
	home.hears(t, "fr", "quel temps fait-il demain", "Nice, demain")
}

// E21: when the service is down, the last figures with their age, or an honest
// failure; never a number out of nowhere.
func TestADownServiceIsToldHonestly(t *testing.T) {
	b := newBed(t, nil)
	b.hears(t, "fr", "météo à Lyon", "12 °C")
	b.service.down.Store(true)
	b.hears(t, "fr", "météo à Lyon", "12 °C")
	if n := b.service.asked.Load(); n != 1 {
		t.Errorf("asked %d times within ten minutes", n)
	}
	b.now.Add(35 * 60)
	b.hears(t, "fr", "météo à Lyon", "12 °C", "ces données ont 35 min")
	b.now.Add(3 * 3600)
	b.hears(t, "en", "weather in Lyon", "can't look up") // another language, another search
	b.hears(t, "fr", "météo à Lyon", "ces données ont 3 h")
	b.now.Add(24 * 3600)
	got := b.Say("fr", "météo à Lyon")
	if got.Problem == nil || got.Problem.Code != sdk.CodeUnavailable || strings.ContainsAny(got.Problem.Message, "0123456789") {
		t.Errorf("after a day: %+v", got)
	}
}

// E19: words that hold "temps" or "weather" ask for nothing.
func TestIdleTalkAsksForNothing(t *testing.T) {
	b := newBed(t, nil)
	for lang, all := range map[string][]string{
		"fr": {"combien de temps", "longtemps", "printemps", "il est temps", "prends ton temps", "j'ai chaud", "demain à la maison", "il fait ce qu'il veut", "ça fait longtemps"},
		"en": {"under the weather", "whether you like it", "I feel cold", "tomorrow at home", "a storm in a teacup", "the rain in Spain"},
	} {
		for _, text := range all {
			if got := b.Say(lang, text); got.Tool != "" {
				t.Errorf("%q asked %s", text, got.Tool)
			}
		}
	}
}
