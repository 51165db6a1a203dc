package scrub

import "strings"

// empty reports whether a value says that there is no secret, or names where
// it is.
func empty(v string) bool {
	if len(v) > longestJudged {
		return false
	}
	switch small(v) {
	case "null", "nil", "<nil>", "none", "true", "false", "undefined", Redacted, masked, "[filtered]", "[masked]", "[hidden]", "filtered", "redacted", "***", "<redacted>", "<hidden>", "<secret>", "xxx", "xxxx", "xxxxx", "xxxxxxxx", "n/a", "{}", "[]", "optional", "required":
		return true
	default:
		for _, where := range []string{"env:", "file:", "secret:", "!secret", "!env", "vault:", "op://", "${", "$(", "{{", "<%", "%{", "ENC[", "process.env", "os.environ", "os.getenv", "ENV[", "secrets."} {
			if strings.HasPrefix(v, where) {
				return true
			}
		}
		if v = strings.Trim(v, "*"); v == "true" || v == "false" {
			return true
		}
		return strings.Trim(v, "*.•-_ xX#?/") == "" || len(v) == 2 && v[0] == '%' || strings.HasPrefix(v, "%(") || v[0] == '{' && v[len(v)-1] == '}' || v[0] == '$' && digits(v[1:]) || v[0] == ':' && len(v) > 1 && promises(v[1:]) || v[0] == '$' && strings.ToUpper(v) == v && strings.Trim(v[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" || strings.HasPrefix(v, "<") && strings.HasSuffix(v, ">") && lookOf(v[1:len(v)-1]) == wordLook
	}
}

// where reports whether a value says where the secret is.
func where(v string) bool {
	if i := strings.Index(v, ":/"); i > 0 {
		v = v[i+1:]
	}
	return strings.HasPrefix(v, "/") && strings.Count(v, "/") > 1 && wordyPath(v) || strings.HasPrefix(v, "~/") || strings.HasPrefix(v, "./")
}
