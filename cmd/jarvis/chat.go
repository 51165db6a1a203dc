package main

import (
	"context"
	"os"
	"strings"

	"golang.org/x/term"
)

func chatCommand() command {
	c := command{
		name: "chat", args: "[--url URL] [--key-file FILE] [-m TEXT] [--json]",
		summary: "talk with a running host",
		example: "  jarvis chat\n  jarvis chat -m 'quel temps fait-il à Lyon ?'\n  jarvis chat --url http://192.0.2.7:8080 --key-file ~/jarvis.key",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var o chatOptions
		o.remote.register(p, fs)
		fs.StringVar(&o.message, "m", "", "say `TEXT`, print the answer, and end")
		fs.StringVar(&o.lang, "lang", "", "answer in `LANG` (fr or en) whatever is said")
		fs.BoolVar(&o.json, "json", false, "print the answer's last frame as JSON")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		return p.chat(ctx, o)
	}
	return c
}

type chatOptions struct {
	remote  remote
	message string
	lang    string
	json    bool
	// unanswered, which may be nil, says more of an utterance that nothing could
	// answer, in a language; empty is nothing.
	unanswered func(lang, text string) string
}

// chat talks over the WebSocket: one utterance with -m, else until the end of
// input or an interrupt while nothing runs.
func (p *program) chat(ctx context.Context, o chatOptions) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := terminalTexts(p.environ)
	link, err := o.remote.dial(ctx, p)
	if err != nil {
		return err
	}
	defer link.close()
	c := &conversation{p: p, o: o, t: t, link: link, typed: p.typed()}
	if o.message != "" {
		return c.once(ctx)
	}
	return c.talk(ctx)
}

// printable takes out what would steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= 0x20 && r != 0x7f && (r < 0x80 || r > 0x9f) && (r < 0x202a || r > 0x202e) && (r < 0x2066 || r > 0x2069) && (r < 0xe0000 || r > 0xe007f) {
			return r
		}
		return -1
	}, s)
}

// typed reports whether the input comes from a person at a terminal.
func (p *program) typed() bool {
	f, ok := p.stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// wording is the terminal client's words in one language.
type wording map[string]string

func terminalTexts(environ []string) wording {
	p := program{environ: environ}
	if strings.HasPrefix(p.getenv("LC_ALL", p.getenv("LC_MESSAGES", p.getenv("LANG", ""))), "fr") {
		return frenchTerminal
	}
	return englishTerminal
}
