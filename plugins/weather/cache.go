package weather

import (
	"fmt"
	"sync"
	"time"
)

// Ages of what the cache holds.
const (
	fresh = 10 * time.Minute // answered without asking the service again
	stale = 24 * time.Hour   // still better than nothing, when told with its age
)

// maxKept bounds each kind of thing the cache holds.
const maxKept = 500

// cache keeps what the service answered last. Safe for concurrent use.
type cache struct {
	now       func() time.Time
	mu        sync.Mutex
	forecasts map[string]kept[*Forecast]
	places    map[string]kept[[]Place]
}

type kept[T any] struct {
	value T
	at    time.Time
}

func newCache(now func() time.Time) *cache {
	return &cache{now: now, forecasts: map[string]kept[*Forecast]{}, places: map[string]kept[[]Place]{}}
}

func forecastKey(p Place, u Units) string {
	return fmt.Sprintf("%.2f/%.2f/%s", p.Latitude, p.Longitude, u)
}

// forecast returns the last forecast of a place and its age.
func (c *cache) forecast(p Place, u Units) (f *Forecast, age time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.forecasts[forecastKey(p, u)]
	return k.value, c.now().Sub(k.at), ok && c.now().Sub(k.at) < stale
}

func (c *cache) keepForecast(p Place, u Units, f *Forecast) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep(c.forecasts, forecastKey(p, u), kept[*Forecast]{f, c.now()})
}

func (c *cache) search(name, lang string) ([]Place, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.places[lang+"/"+name]
	return k.value, ok
}

func (c *cache) keepSearch(name, lang string, found []Place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep(c.places, lang+"/"+name, kept[[]Place]{found, c.now()})
}

// keep adds to a map of bounded size; the oldest entry makes room.
func keep[T any](m map[string]kept[T], key string, v kept[T]) {
	if _, there := m[key]; !there && len(m) >= maxKept {
		oldest, at := "", v.at
		for k, o := range m {
			if !o.at.After(at) {
				oldest, at = k, o.at
			}
		}
		delete(m, oldest)
	}
	m[key] = v
}
