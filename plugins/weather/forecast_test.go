package weather

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const lyonReply = `{"timezone":"Europe/Paris","current":{"time":"2026-11-24T10:00","temperature_2m":11.6,"apparent_temperature":9.2,"weather_code":61,"wind_speed_10m":12},
"daily":{"time":["2026-11-24","2026-11-25","2026-11-26","2026-11-27"],"weather_code":[61,0,42,null],
"temperature_2m_max":[13.1,15.4,9,null],"temperature_2m_min":[6.2,5.5,-0.2,null],"precipitation_sum":[4,0,0,null],
"precipitation_probability_max":[80,5,20,null],"wind_speed_10m_max":[20,45,10,null]}}`

func serviceOf(t *testing.T, h http.HandlerFunc) *Service {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &Service{HTTP: s.Client(), ForecastURL: s.URL + "/f", GeocodingURL: s.URL + "/g"}
}

func textsOf(t *testing.T, lang string) map[string]string {
	t.Helper()
	all, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	return all[lang]
}

func forecastOf(t *testing.T) *Forecast {
	t.Helper()
	f, err := serviceOf(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(lyonReply)) }).
		Forecast(t.Context(), Place{Latitude: 45.76, Longitude: 4.84}, Metric)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// E21: today, tomorrow, a named day, the week, in both languages and units.
func TestAForecastIsTold(t *testing.T) {
	f := forecastOf(t)
	for _, tc := range []struct {
		lang string
		when When
		want string
	}{
		{"fr", Today, "Lyon, en ce moment : pluie faible, 12 °C (ressenti 9 °C). Aujourd’hui : pluie faible, de 6 °C à 13 °C, risque de pluie 80 %."},
		{"en", Now, "Lyon, right now: light rain, 12 °C (feels like 9 °C). Today: light rain, 6 °C to 13 °C, 80% chance of rain."},
		{"fr", Tomorrow, "Lyon, demain : ciel dégagé, de 6 °C à 15 °C, vent jusqu’à 45 km/h."},
		{"fr", "thursday", "Lyon, jeudi : temps indéterminé, de 0 °C à 9 °C, risque de pluie 20 %."},
		{"en", "friday", "Lyon, Friday: weather unknown."},
		{"en", Week, "Lyon, the coming days:\n- Today: light rain, 6 °C to 13 °C, 80% chance of rain\n- Wednesday: clear sky, 6 °C to 15 °C, wind up to 45 km/h\n- Thursday: weather unknown, 0 °C to 9 °C, 20% chance of rain\n- Friday: weather unknown"},
	} {
		got, ok := report{texts: textsOf(t, tc.lang), units: Metric, place: "Lyon", f: f}.say(tc.when)
		if !ok || got != tc.want {
			t.Errorf("%s %s:\n got %q\nwant %q", tc.lang, tc.when, got, tc.want)
		}
	}
	if _, ok := (report{texts: textsOf(t, "en"), f: f}).say("monday"); ok {
		t.Error("a day that the forecast does not reach was told")
	}
	if got := Imperial.temperature(-0.4) + " " + Imperial.speed(12.4); got != "0 °F 12 mph" {
		t.Errorf("imperial: %s", got)
	}
}

// A weekend is Saturday and Sunday, and what is left of it once it has begun.
func TestAWeekendIsTold(t *testing.T) {
	f := forecastOf(t)
	for first, want := range map[string]string{
		"2026-11-24": "Lyon, ce week-end :", // a Tuesday: the forecast of four days ends before it
		"2026-11-27": "Lyon, ce week-end :\n- Samedi : ciel dégagé, de 6 °C à 15 °C, vent jusqu’à 45 km/h\n- Dimanche : temps indéterminé, de 0 °C à 9 °C, risque de pluie 20 %",
		"2026-11-29": "Lyon, ce week-end :\n- Aujourd’hui : pluie faible, de 6 °C à 13 °C, risque de pluie 80 %",
	} {
		day, err := time.Parse(time.DateOnly, first)
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.Daily.Time {
			f.Daily.Time[i] = day.AddDate(0, 0, i).Format(time.DateOnly)
		}
		got, ok := report{texts: textsOf(t, "fr"), units: Metric, place: "Lyon", f: f}.say(Weekend)
		if got = strings.ReplaceAll(strings.ReplaceAll(got, "\u202f", " "), "\u00a0", " "); got != want || ok != strings.Contains(want, "\n") {
			t.Errorf("from %s: %v\n got %q\nwant %q", first, ok, got, want)
		}
	}
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	fr, en := textsOf(t, "fr"), textsOf(t, "en")
	for key, text := range fr {
		if strings.Count(text, "%s") != strings.Count(en[key], "%s") || strings.Count(text, "%d") != strings.Count(en[key], "%d") {
			t.Errorf("%s: %q and %q do not fit", key, text, en[key])
		}
	}
	if len(fr) != len(en) {
		t.Errorf("%d texts in French, %d in English", len(fr), len(en))
	}
}

// E21: no answer, a broken one or an unfit one is an error, never a number.
func TestABrokenServiceIsAnError(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"limit": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"error":true,"reason":"Minutely API request limit exceeded."}`))
		},
		"html":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no days": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) },
		"columns": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"daily":{"time":["2026-11-24"]}}`))
		},
		"too long": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxReply+2)) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			_, _ = w.Write([]byte("{"))
		},
	} {
		if f, err := serviceOf(t, reply).Forecast(t.Context(), Place{}, Metric); !errors.Is(err, errService) {
			t.Errorf("%s: got %v, %v", name, f, err)
		}
	}
}

func TestNothingFoundHasNoResultsAtAll(t *testing.T) {
	s := serviceOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("name") != `a"b&c=d` || r.URL.Query().Get("language") != "fr" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = w.Write([]byte(`{"generationtime_ms":0.2}`))
	})
	if found, err := s.Search(t.Context(), `a"b&c=d`, "fr"); err != nil || len(found) != 0 {
		t.Errorf("got %v, %v", found, err)
	}
}

// E21: one place stands out, or the person is asked.
func TestAmbiguousPlacesAreToldApart(t *testing.T) {
	town := func(name, region, country string, people int) Place {
		return Place{Name: name, Region: region, Country: country, Population: people, Feature: "PPL"}
	}
	for _, tc := range []struct {
		name    string
		found   []Place
		best    string
		choices int
	}{
		{"one stands out", []Place{town("Paris", "Texas", "USA", 24000), town("Paris", "Île-de-France", "France", 2138551)}, "Paris, Île-de-France, France", 0},
		{"two alike", []Place{town("Springfield", "Missouri", "USA", 170000), town("Springfield", "Illinois", "USA", 114000)}, "", 2},
		{"by prefix", []Place{town("Lyon", "ARA", "France", 522250), town("Lyons", "Colorado", "USA", 522000)}, "Lyon, ARA, France", 0},
		{"a region beside its town", []Place{town("Lille", "Nord", "France", 200), {Name: "Lille", Feature: "ADM3"}}, "Lille, Nord, France", 0},
		{"only an island", []Place{{Name: "Ouessant", Feature: "ISL", Country: "France"}}, "Ouessant, France", 0},
		{"none", nil, "", 0},
	} {
		best, choices, well := choose(tc.found)
		if well != (tc.best != "") || well && best.label() != tc.best || len(choices) != tc.choices {
			t.Errorf("%s: got %q, %d choices, %v", tc.name, best.label(), len(choices), well)
		}
	}
}

func TestTheCacheAgesAndIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	c := newCache(func() time.Time { return now })
	for i := range maxKept + 10 {
		c.keepForecast(Place{Latitude: float64(i)}, Metric, &Forecast{})
		now = now.Add(time.Second)
	}
	if len(c.forecasts) != maxKept {
		t.Errorf("%d kept", len(c.forecasts))
	}
	if _, _, ok := c.forecast(Place{Latitude: 0}, Metric); ok {
		t.Error("the oldest was not the one to go")
	}
	last := Place{Latitude: maxKept + 9}
	if _, age, ok := c.forecast(last, Metric); !ok || age != time.Second {
		t.Errorf("age %v, %v", age, ok)
	}
	if _, _, ok := c.forecast(last, Imperial); ok {
		t.Error("figures of one unit answer for the other")
	}
	now = now.Add(stale)
	if _, _, ok := c.forecast(last, Metric); ok {
		t.Error("a day-old forecast still counts")
	}
}

// A place's name is data wherever it goes: in the service's address, in what it
// answers, and in what is said.
func TestAPlacesNameIsOnlyEverAName(t *testing.T) { // fault-M15
	for _, name := range []string{
		`L'Haÿ-les-"Roses"`, "a\nb\r\nHost: evil.example", "{{ .Key }} {city} %s %d", "x&latitude=0&name=y#z?q=/../..", `\u0000","a":"`, "a+b c%20d", "日本\u202e",
	} {
		s := serviceOf(t, func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if r.URL.Path != "/g" || q.Get("name") != name || len(q["name"]) != 1 || len(q) != 4 || len(r.Header["Host"]) != 0 {
				t.Errorf("%q was sent as %s", name, r.URL)
			}
			raw, err := json.Marshal(map[string]any{"results": []Place{{Name: name, Country: name}}})
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(raw)
		})
		found, err := s.Search(t.Context(), name, "fr")
		if err != nil || len(found) != 1 || found[0].Name != name {
			t.Errorf("%q was found as %+v, %v", name, found, err)
		}
		if got, ok := (report{texts: textsOf(t, "fr"), units: Metric, place: name, f: forecastOf(t)}).say(Now); !ok || !strings.HasPrefix(got, name+", en ce moment : pluie") {
			t.Errorf("%q is told as %q", name, got)
		}
	}
}
