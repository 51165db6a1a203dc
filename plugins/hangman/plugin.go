package hangman

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

//go:embed texts/*.json
var textFiles embed.FS

// Version is the plugin's own version.
const Version = "1.0.0"

// floorTTL is how long an idle game hears a conversation's utterances first.
// The game itself stays after that, and goes on when it is named.
const floorTTL = 2 * time.Hour

// Options change what a game draws its luck from; the zero value is real luck.
type Options struct {
	// Draw returns a number from 0 to n-1, from several goroutines at once; nil
	// draws at random.
	Draw func(n int) int
}

// game is the plugin: words, texts and luck.
type game struct {
	words map[string]*Words
	texts map[string]map[string]string
	draw  func(n int) int
}

// New returns the plugin. It panics when the files that are part of this
// program are broken.
func New(o Options) *sdk.Plugin {
	g, err := newGame(o)
	if err != nil {
		panic(err)
	}
	p := sdk.New("hangman", Version, "The game of hangman in French and English").Languages("fr", "en")
	g.declare(p)
	return p
}

func newGame(o Options) (*game, error) {
	g := &game{texts: map[string]map[string]string{}, draw: o.Draw}
	if g.draw == nil {
		g.draw = rand.IntN
	}
	var err error
	if g.words, err = LoadWords(); err != nil {
		return nil, err
	}
	for _, lang := range []string{"en", "fr"} {
		raw, err := textFiles.ReadFile("texts/" + lang + ".json")
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		var t map[string]string
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("read texts %s: %w", lang, err)
		}
		g.texts[lang] = t
	}
	return g, nil
}

// StartArgs are the arguments of the tool start.
type StartArgs struct {
	Difficulty Difficulty `json:"difficulty" desc:"How hard the word is" enum:"easy,normal,hard" default:"normal"`
	Category   string     `json:"category,omitempty" desc:"Category of the word, such as animals" enum:"animaux,nourriture,maison,nature,métiers,objets,animals,food,home,jobs,things"`
	New        bool       `json:"new" desc:"Start over even if a game is on" default:"false"`
}

// GuessArgs are the arguments of the tool guess.
type GuessArgs struct {
	Text string `json:"text" desc:"A letter, the whole word, or a command such as hint or status"`
}

// NoArgs is for tools without arguments.
type NoArgs struct{}

// start begins a game, or shows the one that is on.
func (g *game) start(_ context.Context, c *sdk.Call, in StartArgs) (string, error) {
	cur, err := current(c)
	if err != nil {
		return "", err
	}
	if cur != nil && !cur.Over && !in.New {
		return g.keep(c, cur, g.t(c, "running")+"\n\n"+g.board(c, cur))
	}
	w := g.words[c.Locale()]
	if in.Category != "" && !slices.Contains(w.Categories(), in.Category) {
		return "", sdk.Fail(sdk.CodeInvalid, "%s", g.t(c, "unknown_category", in.Category, strings.Join(w.Categories(), ", ")))
	}
	next := NewGame(w.Pick(in.Difficulty, in.Category, g.draw), c.Locale(), in.Difficulty)
	return g.keep(c, next, g.t(c, "started", next.Length(), next.Category)+"\n\n"+g.board(c, next))
}

// guess is the tool that holds the floor: it hears every utterance first.
func (g *game) guess(_ context.Context, c *sdk.Call, in GuessArgs) (string, error) {
	cur, err := current(c)
	if err != nil {
		return "", err
	}
	m := read(in.Text)
	if cur == nil || cur.Over {
		if m.action == actRestart && c.Info().Origin == sdk.OriginFloor {
			return g.restart(c, cur)
		}
		if c.Info().Origin == sdk.OriginFloor {
			return "", c.NotMine()
		}
		return g.t(c, "no_game"), nil
	}
	switch m.action {
	case actLetter:
		return g.keep(c, cur, g.told(c, cur, cur.GuessLetter(m.folded[0]), strings.ToUpper(m.folded)))
	case actWord:
		return g.word(c, cur, m)
	case actHint:
		return g.giveHint(c, cur)
	case actStatus:
		return g.keep(c, cur, g.board(c, cur))
	case actGiveUp:
		return g.quit(c, cur)
	case actRestart:
		return g.restart(c, cur)
	case actNone:
	}
	return g.nothing(c, cur, in.Text)
}

// word tries a whole word. One that can't be the secret, by its length, costs
// nothing: it may be meant for someone else.
func (g *game) word(c *sdk.Call, cur *Game, m guess) (string, error) {
	if len(m.folded) == cur.Length() {
		return g.keep(c, cur, g.told(c, cur, cur.GuessWord(m.folded), strings.ToUpper(m.text)))
	}
	return g.pass(c, cur, g.t(c, "wrong_length", m.text, len(m.folded), cur.Length()))
}

// nothing answers what is no move: others may know better.
func (g *game) nothing(c *sdk.Call, cur *Game, text string) (string, error) {
	switch {
	case spelledOut(text):
		return g.pass(c, cur, g.t(c, "one_letter"))
	case len(strings.Fields(plain(text))) <= 1:
		return g.pass(c, cur, g.t(c, "not_letters"))
	default:
		return g.pass(c, cur, "")
	}
}

// pass leaves an utterance to others, or says hint when the call came from
// somewhere that has no others.
func (g *game) pass(c *sdk.Call, cur *Game, hint string) (string, error) {
	if c.Info().Origin == sdk.OriginFloor {
		return "", c.NotMineOr(hint)
	}
	if hint == "" {
		hint = g.t(c, "not_letters")
	}
	return g.keep(c, cur, hint+"\n\n"+g.board(c, cur))
}

func (g *game) restart(c *sdk.Call, cur *Game) (string, error) {
	d := Normal
	if cur != nil {
		d = cur.Difficulty
	}
	next := NewGame(g.words[c.Locale()].Pick(d, "", g.draw), c.Locale(), d)
	return g.keep(c, next, g.t(c, "started", next.Length(), next.Category)+"\n\n"+g.board(c, next))
}

func (g *game) giveHint(c *sdk.Call, cur *Game) (string, error) {
	letter, ok := cur.Hint()
	if !ok {
		return g.keep(c, cur, g.t(c, "no_hint")+"\n\n"+g.board(c, cur))
	}
	return g.keep(c, cur, g.t(c, "hint", strings.ToUpper(string(letter)))+"\n\n"+g.board(c, cur))
}

func (g *game) quit(c *sdk.Call, cur *Game) (string, error) {
	cur.GiveUp()
	return g.keep(c, cur, g.t(c, "given_up", cur.Secret())+" "+g.t(c, "again"))
}

// hint, status and giveUp are the tools that sentences with the game's name call.
func (g *game) hint(_ context.Context, c *sdk.Call, _ NoArgs) (string, error) {
	return g.with(c, g.giveHint)
}

func (g *game) status(_ context.Context, c *sdk.Call, _ NoArgs) (string, error) {
	return g.with(c, func(c *sdk.Call, cur *Game) (string, error) { return g.keep(c, cur, g.board(c, cur)) })
}

func (g *game) giveUp(_ context.Context, c *sdk.Call, _ NoArgs) (string, error) {
	return g.with(c, g.quit)
}

// with runs f on the game that is on, or says that there is none.
func (g *game) with(c *sdk.Call, f func(*sdk.Call, *Game) (string, error)) (string, error) {
	cur, err := current(c)
	if err != nil {
		return "", err
	}
	if cur == nil || cur.Over {
		return g.t(c, "no_game"), nil
	}
	return f(c, cur)
}

// current is the conversation's game, nil when there was never one.
func current(c *sdk.Call) (*Game, error) {
	v, had, err := sdk.State[Game](c)
	if err != nil || !had {
		return nil, err
	}
	return &v, nil
}

// keep stores the game with the call's result and keeps the floor: while the
// game is on, and after it for a "new game".
func (g *game) keep(c *sdk.Call, cur *Game, text string) (string, error) {
	if err := c.SetState(cur); err != nil {
		return "", err
	}
	ttl := floorTTL
	if cur.Over {
		ttl = 10 * time.Minute
	}
	c.Listen("guess", "text", ttl)
	return text, nil
}

// t says a text in the call's language.
func (g *game) t(c *sdk.Call, key string, args ...any) string {
	t, ok := g.texts[c.Locale()]
	if !ok {
		t = g.texts["en"]
	}
	if len(args) == 0 {
		return t[key]
	}
	return fmt.Sprintf(t[key], args...)
}

// told is the answer to a guess.
func (g *game) told(c *sdk.Call, cur *Game, o Outcome, what string) string {
	switch o {
	case Won:
		return g.t(c, "won", cur.Secret()) + " " + g.t(c, "again")
	case Lost:
		return g.t(c, "lost", cur.Secret()) + "\n\n" + fenced(cur.Drawing()) + "\n\n" + g.t(c, "again")
	case Hit:
		return g.t(c, "hit", what) + "\n\n" + g.board(c, cur)
	case Repeated:
		return g.t(c, "repeated", what) + "\n\n" + g.board(c, cur)
	case Miss:
	}
	key := "miss"
	if len(what) > 1 {
		key = "miss_word"
	}
	return g.t(c, key, what) + "\n\n" + g.board(c, cur)
}

// board is the drawing, the word's blanks and what is left.
func (g *game) board(c *sdk.Call, cur *Game) string {
	left := g.t(c, "left", cur.Left())
	if cur.Left() == 1 {
		left = g.t(c, "last")
	}
	lines := []string{fenced(cur.Drawing() + "\n\n  " + cur.Mask()), left}
	if missed := cur.Missed(); len(missed) > 0 {
		lines = append(lines, g.t(c, "missed", strings.Join(missed, ", ")))
	}
	return strings.Join(lines, "\n")
}

func fenced(s string) string { return "```\n" + s + "\n```" }
