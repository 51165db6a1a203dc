package scrub

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

//go:embed sayings.txt
var sayingsText string

// saying is a way in which commands, protocols and people say a secret without a
// name before it.
type saying struct {
	keyword string // in small letters; a text without it is not looked at
	re      *regexp.Regexp
	drawn   bool // only what does not look like a word
}

// sayings reads the table: one a line.
//
//	§   the secret: a word, or what stands in quotes
//	§§  the rest of the quoted text, or of the line
//	§?  the same as §, if it is no word
//	*   a word
//	…   any number of words, within a command
//
// Capitals and small letters are the same, unless the line begins with =. A
// blank is any blank, or what stands between the arguments of a list.
var sayings = sync.OnceValue(func() []saying {
	var all []saying
	for line := range strings.Lines(sayingsText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, compile(line))
		}
	}
	return all
})

func compile(line string) saying {
	line, exact := strings.CutPrefix(line, "=")
	var b strings.Builder
	if !exact {
		b.WriteString("(?i)")
	}
	if c := line[0]; letterByte(c) {
		if strings.Contains(line, "(") {
			b.WriteString(`(?:^|[^A-Za-z0-9_])`)
		} else {
			b.WriteString(`(?:^|[^A-Za-z0-9_.-])`)
		}
	} else if c == '-' {
		b.WriteString(`(?:^|[\s"'\[,])`)
	}
	w := saying{}
	for i, r := range line {
		switch r {
		case '§':
			rest := line[i+len("§"):]
			switch {
			case strings.HasPrefix(line[:i], "") && strings.HasSuffix(line[:i], "§"):
				// the second half of §§
			case strings.HasPrefix(rest, "§"):
				b.WriteString(`([^"'\r\n\\]+)`)
			default:
				w.drawn = strings.HasPrefix(rest, "?")
				b.WriteString(`(?:\\*"([^"\\]+)\\*"|\\*'([^'\\]+)\\*'|([^\s"'\\` + ends(rest) + `]+))`)
			}
		case '?':
		case '*':
			b.WriteString(`[^\s"'%:,()]+`)
		case '…':
			b.WriteString(`(?:[^|;\r\n]*?[\s"',])??`)
		case ' ':
			if !strings.HasSuffix(line[:i], "…") {
				b.WriteString(`(?:\\*["']?,?\s+\\*["']?|\\*["'],\\*["'])`)
			}
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	w.re = regexp.MustCompile(b.String())
	for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune("§*… ?", r) }) {
		if len(part) > len(w.keyword) {
			w.keyword = small(part)
		}
	}
	return w
}

// ends are the marks that end a secret because the saying goes on with them.
func ends(rest string) string {
	rest = strings.TrimPrefix(rest, "?")
	if rest == "" || rest[0] == ' ' {
		return ""
	}
	return regexp.QuoteMeta(rest[:1])
}

// find cuts what is said.
func (w saying) find(s string, cuts []span) []span {
	for _, m := range w.re.FindAllStringSubmatchIndex(s, -1) {
		for g := 2; g < len(m); g += 2 {
			if m[g] < 0 || m[g] == m[g+1] {
				continue
			}
			v := s[m[g]:m[g+1]]
			if empty(v) || strings.Contains(v, Redacted) || w.drawn && (lookOf(strings.ReplaceAll(v, " ", "")) == wordLook || prose[small(v)]) {
				continue
			}
			cuts = append(cuts, span{m[g], m[g+1], ""})
		}
	}
	return cuts
}
