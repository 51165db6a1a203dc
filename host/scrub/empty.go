package scrub

import (
	"regexp"
	"strings"
)

// absent are values that say that there is no secret.
var absent = set(`~ value_specified_in_no_log_parameter amd64 arm64 i386 armhf x86_64 null nil <nil> none true false undefined [filtered] [masked] [hidden] filtered redacted *** <redacted> <hidden> <secret> xxx xxxx xxxxx xxxxxxxx n/a {} [] optional required
	valid invalid verified unverified current-password new-password [redacted] off on disabled enabled`)

// states say whether a setting has a value.
var states = set(`set unset present missing configured yes no loaded`)

// elsewhere are how values begin that name where the secret is.
var elsewhere = []string{"env:", "file:", "secret:", "!secret", "!env", "vault:", "op://", "${", "$(", "{{", "<%", "%{", "ENC[", "projects/", "arn:", "process.env", "os.environ", "os.getenv", "ENV[", "secrets.", "var.", "local.", "module."}

// plainMarks writes out the marks that stand for what was taken out.
var plainMarks = strings.NewReplacer("%2A", "*", "%2a", "*", "%5B", "[", "%5b", "[", "%5D", "]", "%5d", "]", "%3C", "<", "%3c", "<", "%3E", ">", "%3e", ">")

// empty reports whether a value says that there is no secret, or names where
// it is.
func empty(v string) bool {
	if v == "" || len(v) > longestJudged {
		return false
	}
	if strings.Contains(v, "%") {
		v = plainMarks.Replace(v)
	}
	low := small(v)
	if v == Redacted || strings.Contains(v, "****") || v == masked || absent[low] || toFill(low) {
		return true
	}
	for _, where := range elsewhere {
		if strings.HasPrefix(v, where) {
			return true
		}
	}
	if v = strings.Trim(v, "*"); v == "true" || v == "false" || strings.Trim(v, "*.•-_ xX#?/();,:") == "" {
		return true
	}
	last := v[len(v)-1]
	switch v[0] {
	case '%':
		return len(v) == 2 || len(v) > 2 && last == '%' && strings.Trim(v[1:len(v)-1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == "" || strings.HasPrefix(v, "%(")
	case '{':
		return last == '}'
	case '$':
		return digits(v[1:]) || strings.Trim(v[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
	case ':':
		return len(v) > 1 && promises(v[1:])
	case '+': // it goes on with a variable
		return lookOf(v[1:]) == wordLook && count(v).digits == 0
	case '<':
		return last == '>' && lookOf(v[1:len(v)-1]) == wordLook
	default:
		return false
	}
}

// toFill reports whether a value asks to be filled in: your_api_key_here.
func toFill(low string) bool {
	for _, whose := range []string{"your-", "your_", "votre-", "votre_", "insert-", "insert_", "replace-with-", "replace_with_", "enter-", "enter_", "put-", "put_"} {
		if rest, ok := strings.CutPrefix(low, whose); ok {
			return strings.Trim(rest, "abcdefghijklmnopqrstuvwxyzàâçéèêëîïôùû-_") == "" && promisesAny(rest)
		}
	}
	return false
}

// defaults are what templates hold where a machine's secret goes; people do take
// them for passwords.
var defaults = set(`changeme change-me change_me changeit replaceme replace-me replace_me placeholder dummy todo tbd fixme example achanger a-changer à-changer à_changer a_changer`)

// where reports whether a value says where the secret is.
func where(v string) bool {
	if i := strings.Index(v, ":/"); i > 0 {
		v = v[i+1:]
	}
	return strings.HasPrefix(v, "/") && strings.Count(v, "/") > 1 && wordyPath(v) || strings.HasPrefix(v, "~/") || strings.HasPrefix(v, "./")
}

// harmless reports whether a value is no secret of the binder's name, whatever its
// look: what templates hold, a single letter of a machine, the number of a constant,
// the name of a key in a store, the name of a constant itself.
func (b *binder) harmless(v string) bool {
	n := b.n
	name := b.s[n.from:n.to]
	switch {
	case strings.HasPrefix(b.s[n.to:], "==") && release.MatchString(v):
		return true // a package
	case small(name) == "pin" && socket.MatchString(v):
		return true
	case strings.HasPrefix(v, "0x"):
		return len(v) <= len("0x01234567")
	case strings.HasSuffix(v, "."+name):
		return true // NAME = C.NAME
	case strings.HasSuffix(v, ">") && isMail(v[strings.LastIndexByte(v, '<')+1:len(v)-1]):
		return true // who signed
	case n.role&humanWord == 0 && (len(v) == 1 || defaults[small(v)]):
		return true
	case n.role&humanWord == 0 && entry.MatchString(v):
		return true
	case n.promise == perhaps && versioned(v):
		return true
	default:
		return strings.HasSuffix(small(name), "key") && n.promise == surely && n.role&secretWord != 0 && strings.ContainsAny(v, "-_") && promises(v) && lookOf(v) == wordLook
	}
}

// socket is a pin of a board: GPIO14, D4.
var socket = regexp.MustCompile(`^[A-Za-z]{1,5}_?[0-9]{1,3}$`)

// entry is the name of one of several things: Profile_1.
var entry = regexp.MustCompile(`^[A-Za-z]{3,}[_-][0-9]{1,3}$`)

// versioned reports whether a text is made of words and numbers with marks between:
// the name of a licence, of an algorithm.
func versioned(v string) bool {
	parts := 0
	for p := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == '+' }) {
		parts++
		w := strings.TrimRight(p, "0123456789")
		if count(w).digits > 0 || len(p)-len(w) > 4 || w != "" && len(w) != len(p) && len(p)-len(w) > 2 {
			return false
		}
	}
	return parts > 1
}
