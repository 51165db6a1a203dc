package hangman_test

import (
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/plugins/hangman"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// first draws the first word of whatever there is to choose from: of normal
// difficulty that is "abeille" in French and "antelope" in English.
func first(int) int { return 0 }

func newHost(t *testing.T) *plugintest.Host {
	t.Helper()
	return plugintest.New(t, hangman.New(hangman.Options{Draw: first}))
}

// hears says something and looks for words in the answer.
func hears(t *testing.T, s *plugintest.Session, lang, text string, want ...string) plugintest.Reply {
	t.Helper()
	got := s.Say(lang, text)
	for _, w := range want {
		if !strings.Contains(got.Text, w) {
			t.Errorf("%q: no %q in\n%s", text, w, got.Text)
		}
	}
	return got
}

// E20: a game in French from its first word to its last.
func TestAGameInFrench(t *testing.T) {
	s := newHost(t).Session
	hears(t, s, "fr", "Jouons au pendu !", "7 lettres", "animaux", "_ _ _ _ _ _ _\n", "6 erreurs")
	hears(t, s, "fr", "e", "un E", "_ _ E _ _ _ E")
	hears(t, s, "fr", "É", "déjà proposé", "6 erreurs")
	hears(t, s, "fr", "la lettre z", "pas de Z", "5 erreurs", "Ratés : Z")
	hears(t, s, "fr", "statut", "_ _ E _ _ _ E")
	hears(t, s, "fr", "indice", "la lettre A", "A _ E _ _ _ E")
	hears(t, s, "fr", "un indice", "Plus d’indice")
	hears(t, s, "fr", "chien", "5 lettres", "rien compté")
	hears(t, s, "fr", "baleine", "ce n’est pas", "4 erreurs")
	hears(t, s, "fr", "a e", "Une seule lettre")
	hears(t, s, "fr", "7", "A à Z")
	hears(t, s, "fr", "c'est abeille", "Bravo", "ABEILLE", "nouvelle partie")
	hears(t, s, "fr", "nouvelle partie", "7 lettres", "6 erreurs")
}

func TestAGameInEnglishThatIsLost(t *testing.T) {
	s := newHost(t).Session
	hears(t, s, "en", "let's play hangman", "8 letters", "animals")
	for _, letter := range []string{"z", "q", "x", "w", "k"} {
		hears(t, s, "en", letter, "no "+strings.ToUpper(letter))
	}
	hears(t, s, "en", "status", "the next mistake is the last")
	got := hears(t, s, "en", "j", "You lost", "ANTELOPE", "/ \\")
	if strings.Count(got.Text, "ANTELOPE") != 1 {
		t.Errorf("the word is told more than once:\n%s", got.Text)
	}
}

func TestGivingUpTellsTheWord(t *testing.T) {
	s := newHost(t).Session
	hears(t, s, "fr", "une partie de pendu", "lettres")
	hears(t, s, "fr", "j'abandonne", "ABEILLE")
	hears(t, s, "fr", "abandonne le pendu", "Aucune partie")
}

// E20: what does not concern the game is left to others, and the game stands.
func TestOtherQuestionsAreLeftToOthers(t *testing.T) {
	s := newHost(t).Session
	hears(t, s, "fr", "jouons au pendu", "_")
	for _, text := range []string{"quel temps fait-il à Lyon ?", "quelle heure est-il", "raconte-moi une histoire"} {
		if got := s.Say("fr", text); got.NotMine == nil || got.Text != "" {
			t.Errorf("%q was taken: %+v", text, got)
		}
	}
	hears(t, s, "fr", "statut", "_ _ _ _ _ _ _\n", "6 erreurs")
}

// E20: two conversations have two games; a second start shows the first game.
func TestConversationsHaveGamesOfTheirOwn(t *testing.T) {
	h := newHost(t)
	other := h.Open("other")
	hears(t, h.Session, "fr", "jouons au pendu", "_")
	hears(t, h.Session, "fr", "z", "5 erreurs")
	hears(t, other, "fr", "jouons au pendu", "6 erreurs")
	hears(t, h.Session, "fr", "statut", "5 erreurs")
	h.Release()
	hears(t, h.Session, "fr", "on joue au pendu", "déjà en cours", "5 erreurs")
	hears(t, h.Session, "fr", "indice du pendu", "la lettre A")
}

// The secret leaves the plugin only inside the state that travels.
func TestTheSecretIsNotTold(t *testing.T) {
	h := newHost(t)
	hears(t, h.Session, "fr", "pendu difficile", "_")
	for _, text := range []string{"z", "statut", "indice", "k"} {
		h.Say("fr", text)
	}
	s := string(h.State())
	if !strings.Contains(s, `"word"`) {
		t.Fatalf("no game in %s", s)
	}
	word := strings.Split(strings.Split(s, `"word":"`)[1], `"`)[0]
	if strings.Contains(strings.ToLower(h.Transcript()), strings.ToLower(word)) || strings.Contains(h.Log(), word) {
		t.Errorf("%q was told:\n%s\n%s", word, h.Transcript(), h.Log())
	}
}

// E19: words that hold "jeu" start nothing, and neither does idle talk.
func TestIdleTalkStartsNothing(t *testing.T) {
	s := newHost(t).Session
	for lang, all := range map[string][]string{
		"fr": {"rappelle-moi jeudi", "quel est l'enjeu", "je suis jeune", "j'ai pendu le linge", "le jeu en vaut la chandelle", "aide-moi", "indice", "statut", "abandonner", "une lettre", "e"},
		"en": {"give up", "status", "hint", "hang the picture", "a new game", "e", "restart"},
	} {
		for _, text := range all {
			if got := s.Say(lang, text); got.Tool != "" {
				t.Errorf("%q started %s", text, got.Tool)
			}
		}
	}
}

// What is no letter changes nothing in a game, and is answered or left to others.
func TestWhatIsNoLetterLeavesTheGameAsItIs(t *testing.T) { // fault-M14
	for _, text := range []string{
		"œ", "ß", "ø", "日", "🎲", "7", "٣", "ab", "a e", "a7", "!", "\u200d", strings.Repeat("x", 4000), strings.Repeat("x ", 2000), strings.Repeat("é", 4096),
	} {
		h := newHost(t)
		hears(t, h.Session, "fr", "jouons au pendu", "_")
		before := string(h.State())
		got := h.Say("fr", text)
		if now := string(h.State()); now != before {
			t.Errorf("%.20q changed the game:\n%s\n%s", text, before, now)
		}
		if got.Problem != nil || got.Text == "" && got.NotMine == nil {
			t.Errorf("%.20q: got %+v", text, got)
		}
		hears(t, h.Session, "fr", "statut", "_ _ _ _ _ _ _\n", "6 erreurs")
	}
	s := newHost(t).Session
	hears(t, s, "fr", "jouons au pendu", "_")
	hears(t, s, "fr", "é", "un E", "_ _ E _ _ _ E") // an accented letter is its letter
}
