package telemetry

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// shortestPacked is the shortest run that may be a name and a value in base64 or
// hex.
const shortestPacked = 20

// packed takes out runs of base64 and of hex which stand for a text that scrub
// finds a secret in.
func packed(s string, scrub func(string) string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && packs[s[end]] {
			end++
		}
		if run := s[i:end]; len(run) >= shortestPacked {
			if text := unpacked(run); text != "" && scrub(text) != text {
				b.WriteString(s[done:i])
				b.WriteString(Redacted)
				done = end
				for done < len(s) && s[done] == '=' {
					done++
				}
			}
		}
		i = end + 1
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// packs are the bytes of base64, which those of hex are among.
var packs = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		set[c] = true
	}
	return set
}()

// unpacked is the text that a run stands for, or nothing where it stands for
// none.
func unpacked(run string) string {
	if raw, err := hex.DecodeString(run); err == nil {
		return readable(raw)
	}
	// The first characters tell already of most runs that they are no text.
	run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
	head, err := base64.RawStdEncoding.DecodeString(run[:shortestPacked])
	if err != nil || readable(head) == "" {
		return ""
	}
	raw, err := base64.RawStdEncoding.DecodeString(run)
	if err != nil {
		return ""
	}
	return readable(raw)
}

// readable is raw as a text, if it is one in ASCII.
func readable(raw []byte) string {
	for _, c := range raw {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c > '~' {
			return ""
		}
	}
	return string(raw)
}
