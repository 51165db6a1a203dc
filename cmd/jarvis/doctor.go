package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/doctor"
	"github.com/jarvis-host/jarvis/host/texts"
)

func doctorCommand() command {
	c := command{
		name: "doctor", args: "[--config FILE] [--data DIR] [--listen ADDR] [--json] [--pull] [--lang LANG]",
		summary: "look for what keeps Jarvis from working well, and say what to do",
		example: "  jarvis doctor\n  jarvis doctor --pull\n  jarvis doctor --json | jq '.findings[] | select(.level != \"ok\")'\n\n" +
			"It ends with 0 when nothing has to be mended, with 1 when something has.",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		fs.StringVar(&f.listen, "listen", "", "`ADDR` that the host would listen on")
		asJSON := fs.Bool("json", false, "print JSON")
		pull := fs.Bool("pull", false, "download missing models from Ollama without asking")
		lang := fs.String("lang", p.language(), "`LANG` of the findings: fr or en")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		if *lang != texts.French && *lang != texts.English {
			return usageError("--lang %q: expected fr or en", *lang)
		}
		cfg, err := f.load(p)
		if err != nil {
			return err
		}
		exe, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find the program itself: %w", err)
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		d := &diagnosis{p: p, cfg: cfg, pull: *pull, lang: *lang}
		return d.run(ctx, host.Checkup(ctx, cfg, host.Options{Version: version, Program: exe, Log: p.stderr}), *asJSON)
	}
	return c
}

// language is the terminal's, as far as there are texts in it.
func (p *program) language() string {
	if strings.HasPrefix(p.getenv("LC_ALL", p.getenv("LC_MESSAGES", p.getenv("LANG", ""))), "fr") {
		return texts.French
	}
	return texts.English
}

// diagnosis is one run of the doctor.
type diagnosis struct {
	p    *program
	cfg  *config.Snapshot
	pull bool
	lang string
}

func (d *diagnosis) words(key string, args ...any) string { return texts.Get(d.lang, key, args...) }

func (d *diagnosis) run(ctx context.Context, checks []doctor.Check, asJSON bool) error {
	var rows []doctor.Row
	var missing []doctor.Finding
	worst := doctor.Run(ctx, checks, func(f doctor.Finding) {
		rows = append(rows, doctor.RowOf(f, d.words))
		if f.Missing != "" {
			missing = append(missing, f)
		}
		if !asJSON {
			_ = doctor.Write(d.p.stdout, f, d.words) // a closed pipe ends the program by itself
		}
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if asJSON {
		e := json.NewEncoder(d.p.stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(struct {
			Verdict  doctor.Level `json:"verdict"`
			Findings []doctor.Row `json:"findings"`
		}{worst, rows}); err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
	} else {
		fmt.Fprintf(d.p.stdout, "\n%s\n", d.words(verdicts[worst]))
	}
	left, err := d.fetch(ctx, missing, asJSON)
	if err != nil {
		return err
	}
	failures := 0
	for _, r := range rows {
		if r.Level == doctor.Fail {
			failures++
		}
	}
	if failures-len(missing)+left > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

var verdicts = map[doctor.Level]string{
	doctor.Good: "doctor.verdict_ok", doctor.Warn: "doctor.verdict_warning", doctor.Fail: "doctor.verdict_failure",
}

// fetch brings the missing models, where that is wanted, and returns how many
// are still missing.
func (d *diagnosis) fetch(ctx context.Context, missing []doctor.Finding, quiet bool) (left int, err error) {
	for _, f := range missing {
		if !d.pull && (quiet || !d.agree(f.Missing)) {
			left++
			continue
		}
		if err := d.download(ctx, f); err != nil {
			return 0, err
		}
	}
	return left, nil
}

// agree asks the person at the terminal; without one the answer is no.
func (d *diagnosis) agree(model string) bool {
	if !d.p.typed() {
		return false
	}
	fmt.Fprint(d.p.stdout, d.words("doctor.pull_ask", model))
	line, err := bufio.NewReader(d.p.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	yes, ok := texts.YesNo(strings.TrimSpace(line))
	if s := strings.ToLower(strings.TrimSpace(line)); s == "y" || s == "o" {
		return true
	}
	return ok && yes
}

// download brings one model, with a bar that shows how far it has come.
func (d *diagnosis) download(ctx context.Context, f doctor.Finding) error {
	steps, err := host.PullModel(ctx, d.cfg, f.Subject, f.Missing)
	if err != nil {
		return err
	}
	bar := &progressBar{w: d.p.stderr, terminal: isTerminal(d.p.stderr)}
	for now, err := range steps {
		if err != nil {
			bar.end()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			fmt.Fprintln(d.p.stdout, d.words("doctor.pull_failed", f.Missing, err.Error()))
			return &exitError{code: exitFailed}
		}
		bar.show(now.Status, now.Done, now.Total)
	}
	bar.end()
	fmt.Fprintln(d.p.stdout, d.words("doctor.pull_done", f.Missing))
	return nil
}
