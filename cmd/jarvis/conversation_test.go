package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// openMeteo is a weather service with one town: enough of its protocol for a
// forecast. The plugin's own tests know the rest.
func openMeteo(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/search", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"results":[{"id":1,"name":%q,"latitude":45.75,"longitude":4.85,"country":"France","feature_code":"PPLA","population":472317}]}`, r.URL.Query().Get("name"))
	})
	mux.HandleFunc("/v1/forecast", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"timezone":"Europe/Paris","current":{"time":"2026-11-24T10:00","temperature_2m":11.6,"apparent_temperature":9.2,"weather_code":61,"wind_speed_10m":12},
			"daily":{"time":["2026-11-24","2026-11-25"],"weather_code":[61,0],"temperature_2m_max":[13.1,15.4],"temperature_2m_min":[6.2,5.5],"precipitation_sum":[4,0],"precipitation_probability_max":[80,5],"wind_speed_10m_max":[20,10]}}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func withWeather(s *httptest.Server) string {
	return quiet + fmt.Sprintf("plugins:\n  weather:\n    config:\n      forecast_url: %s/v1/forecast\n      geocoding_url: %s/v1/search\n", s.URL, s.URL)
}

// E02 E13 E17 E18 E20: a whole game in French on two connections of one person,
// who see the same frames, with a question about the weather in the middle.
func TestAGameOfHangmanOnTwoConnectionsWithTheWeatherInTheMiddle(t *testing.T) {
	h := startHost(t, "", withWeather(openMeteo(t)))
	a, b := h.dial("a"), h.dial("b")
	first := a.ask("jouons au pendu")
	if first.done.Source != "intent" || first.done.Lang != "fr" || !strings.Contains(first.done.Text, "_") {
		t.Fatalf("no game began: %+v", first.done)
	}
	b.send(protocol.Resume{Type: protocol.TypeResume, Session: a.session})
	if diff := cmp.Diff(first.done, b.turn().done); diff != "" {
		t.Errorf("the second connection saw another turn (-first +second):\n%s", diff)
	}
	over := false
	for i, letter := range "eaisntrulodmpcvqgbfhjxyzkw" {
		speaker, other := a, b
		if i%2 == 1 {
			speaker, other = b, a
		}
		got := speaker.ask(string(letter))
		if diff := cmp.Diff(got.done, other.turn().done); diff != "" {
			t.Errorf("the other connection saw another turn (-speaker +other):\n%s", diff)
		}
		if got.done.Source != "dialogue" || got.done.State != "answered" {
			t.Fatalf("letter %c: %+v", letter, got.done)
		}
		if i == 2 {
			weatherInTheMiddle(t, a, b)
		}
		if strings.Contains(got.done.Text, "Bravo") || strings.Contains(got.done.Text, "Perdu") {
			over = true
			break
		}
	}
	if !over {
		t.Error("the game has no end")
	}
	sequenceIsWhole(t, h, a.session)
}

func weatherInTheMiddle(t *testing.T, a, b *client) {
	t.Helper()
	got := a.ask("quel temps fait-il à Lyon ?")
	b.turn()
	if got.done.Source != "intent" || !strings.Contains(got.done.Text, "12 °C") || !strings.Contains(got.done.Text, "Lyon") {
		t.Fatalf("the weather was not told in the middle of the game: %+v", got.done)
	}
	status := a.ask("statut")
	b.turn()
	if !strings.Contains(status.done.Text, "_") || status.done.Source != "dialogue" {
		t.Fatalf("the game is gone after the weather: %+v", status.done)
	}
}

// sequenceIsWhole reads a session anew: its frames are 1, 2, 3 without a gap.
func sequenceIsWhole(t *testing.T, h *hostProcess, session string) {
	t.Helper()
	c := h.dial("auditor")
	c.send(protocol.Resume{Type: protocol.TypeResume, Session: session})
	c.send(protocol.Ping{Type: protocol.TypePing, ID: "end"})
	want := int64(1)
	for f := c.any(); f.Type != protocol.TypePong; f = c.any() {
		if f.Seq != want {
			t.Fatalf("frame %d has seq %d: %s", want, f.Seq, f.raw)
		}
		want++
	}
	if want == 1 {
		t.Error("the session has no frames")
	}
}

// E20: what two people, and two conversations of one, play are separate games.
func TestGamesAreSeparate(t *testing.T) {
	h := startHost(t, "", quiet)
	a, b := h.dial("a"), h.dial("b")
	a.ask("play hangman")
	a.ask("z")
	fresh := b.ask("play hangman")
	if strings.Contains(fresh.done.Text, "Missed") {
		t.Errorf("a new conversation has another's misses: %s", fresh.done.Text)
	}
	if status := b.ask("status"); strings.Contains(status.done.Text, "Z") {
		t.Errorf("the games are one: %s", status.done.Text)
	}
}

// D07 and supervision: a plugin that is killed in mid-game answers the next
// letter, the game goes on, and the host says what happened.
func TestAGameSurvivesTheDeathOfItsPlugin(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("a")
	c.ask("play hangman")
	before := c.ask("e")
	old := h.plugin("hangman")
	if old.State != "ready" || old.PID == 0 {
		t.Fatalf("hangman is %+v", old)
	}
	if err := syscall.Kill(old.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	again := c.ask("e")
	if again.done.State != "answered" || !strings.Contains(again.done.Text, "already") {
		t.Fatalf("the game forgot the letter e: %+v after %+v", again.done, before.done)
	}
	until(t, "hangman to be ready again", func() bool {
		p := h.plugin("hangman")
		return p.State == "ready" && p.PID != old.PID && p.Restarts > old.Restarts
	})
	if !strings.Contains(h.log.String(), "hangman") || !strings.Contains(h.log.String(), "crashed") {
		t.Errorf("the log does not say what happened:\n%s", h.log)
	}
}

// E16 E17 E18: without a model, what needs none works in both languages, and
// free chat gets an honest answer.
func TestWithoutAModelTheHostIsHonest(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("a")
	for text, want := range map[string]struct{ lang, source, says string }{
		"quelle heure est-il ?":       {"fr", "intent", ""},
		"what time is it?":            {"en", "intent", ""},
		"quel jour sommes-nous":       {"fr", "intent", ""},
		"que sais-tu faire ?":         {"fr", "intent", "pendu"},
		"what can you do?":            {"en", "intent", "hangman"},
		"raconte-moi une histoire":    {"fr", "host", "ollama"},
		"tell me a story about bears": {"en", "host", "ollama"},
	} {
		got := c.ask(text).done
		if got.Lang != want.lang || got.Source != want.source || got.Degraded != (want.source == "host") || !strings.Contains(got.Text, want.says) {
			t.Errorf("%q got %+v, want %+v", text, got, want)
		}
	}
}

// E19: words inside of words start nothing.
func TestWordsInsideOfWordsStartNothing(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("a")
	for _, text := range []string{
		"rappelle-moi jeudi", "quel est l'enjeu", "je suis jeune", "combien de temps", "longtemps", "printemps",
	} {
		if got := c.ask(text); len(got.tools) > 0 || got.done.Source == "intent" {
			t.Errorf("%q called %+v", text, got.tools)
		}
	}
}

// E09: a stop word alone stops, and nothing to stop is said.
func TestStopWordsStopWithoutAModel(t *testing.T) {
	h := startHost(t, "", quiet+withDoor)
	c := h.dial("a")
	for _, word := range []string{"stop", "arrête", "annule", "tais-toi"} {
		if got := c.ask(word).done; got.Source != "dialogue" || got.State != "answered" {
			t.Errorf("%q with nothing running: %+v", word, got)
		}
	}
	c.say("wait at the door")
	var running protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &running)
	c.next(protocol.TypeDelta)
	c.say("tais-toi")
	var stopped protocol.Done
	for stopped.Turn != running.Turn {
		c.into(c.next(protocol.TypeDone), &stopped)
	}
	if stopped.State != "stopped" || !strings.HasPrefix(stopped.Text, "waiting") {
		t.Errorf("the waiting turn ended as %+v", stopped)
	}
	var own protocol.Done
	c.into(c.next(protocol.TypeDone), &own)
	if own.State != "answered" || own.Source != "dialogue" {
		t.Errorf("the stop word was answered with %+v", own)
	}
	// E07 D07: the plugin's own context ended too.
	until(t, "the plugin to be told", func() bool { return strings.Contains(h.log.String(), "left the door") })
}

const withDoor = "plugins:\n  door:\n    enabled: true\n    path: jarvis-plugin-door\n    grants: [open]\n"

// X02 D06, first cut: an effect needs the operator's grant, and the tool's
// confirmation, which shows what will happen; the outcome is recorded.
func TestAnEffectNeedsAGrantAndAConfirmation(t *testing.T) {
	h := startHost(t, "", quiet+withDoor)
	c := h.dial("a")
	c.say("open the front door")
	var q protocol.Question
	c.into(c.next(protocol.TypeQuestion), &q)
	if q.Kind != "confirm" || q.Text != "Open front?" || q.ExpiresIn <= 0 {
		t.Fatalf("question %+v", q)
	}
	c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: []byte("true")})
	states := toolStates(c)
	if diff := cmp.Diff([]string{"running", "executed"}, states); diff != "" {
		t.Errorf("agreed (-want +got):\n%s", diff)
	}
	c.say("ouvre la porte bleue")
	c.into(c.next(protocol.TypeQuestion), &q)
	if q.Text != "Ouvrir bleue ?" {
		t.Errorf("question %+v", q)
	}
	c.say("non")
	if diff := cmp.Diff([]string{"refused"}, toolStates(c)); diff != "" {
		t.Errorf("declined (-want +got):\n%s", diff)
	}
	c.say("knock on the front door")
	if diff := cmp.Diff([]string{"refused"}, toolStates(c)); diff != "" {
		t.Errorf("not granted (-want +got):\n%s", diff)
	}
}

// toolStates reads up to done and returns the states of the turn's tool steps.
func toolStates(c *client) []string {
	c.t.Helper()
	var states []string
	for {
		f := c.any()
		switch f.Type {
		case protocol.TypeTool:
			var step protocol.Tool
			c.into(f, &step)
			states = append(states, step.State)
		case protocol.TypeDone:
			return states
		}
	}
}

// D09: a panic in a tool is one sentence for the person and a stack in the log.
func TestAPanicInAToolIsOneSentence(t *testing.T) {
	h := startHost(t, "", quiet+withDoor)
	c := h.dial("a")
	got := c.ask("kick the door").done
	if got.State != "failed" || got.Text == "" || strings.Contains(got.Text, "fell") {
		t.Errorf("the person got %+v", got)
	}
	until(t, "the stack in the log", func() bool {
		return strings.Contains(h.log.String(), "the door fell") && strings.Contains(h.log.String(), "main_test.go")
	})
	if again := c.ask("what time is it").done; again.State != "answered" {
		t.Errorf("after the panic: %+v", again)
	}
}

// O05: plugins that can't start are named, with the reason; everything else runs.
func TestBrokenPluginsDoNotStopTheHost(t *testing.T) {
	h := startHost(t, "", quiet+"plugins:\n  crash:\n    enabled: true\n    path: jarvis-plugin-crash\n  noise:\n    enabled: true\n    path: jarvis-plugin-noise\n  missing:\n    enabled: true\n    path: /nowhere/jarvis-plugin-missing\n")
	for _, name := range []string{"crash", "noise", "missing"} {
		until(t, name+" to be given up for now", func() bool {
			p := h.plugin(name)
			return p.State != "ready" && p.State != "starting" && p.Reason != ""
		})
	}
	if got := h.dial("a").ask("play hangman").done; got.State != "answered" {
		t.Errorf("the others do not work: %+v", got)
	}
	var ready struct {
		Ready    bool
		Services map[string]struct{ State, Error string }
	}
	if code := h.get("/ready", &ready); code != http.StatusOK || !ready.Ready {
		t.Errorf("ready is %d %+v", code, ready)
	}
	for _, name := range []string{"crash", "noise", "missing"} {
		if s := ready.Services["plugin:"+name]; s.Error == "" || s.State == "up" {
			t.Errorf("/ready does not say why %s is not there: %+v", name, ready.Services)
		}
	}
}
