package telemetry

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// pattern recognises credentials by their looks. It is tried only on texts that
// hold one of its keywords, which are in small letters.
type pattern struct {
	keywords []string
	re       *regexp.Regexp
	with     string              // what a match becomes, with $1 for its parts
	only     func(m string) bool // nil takes every match
}

func (p pattern) replace(text string) string {
	if p.only == nil {
		return p.re.ReplaceAllString(text, p.with)
	}
	return p.re.ReplaceAllStringFunc(text, func(m string) string {
		if !p.only(m) {
			return m
		}
		return p.re.ReplaceAllString(m, p.with)
	})
}

var patterns = []pattern{
	{
		keywords: []string{"private key-----"},
		re:       regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`),
		with:     Redacted,
	},
	{
		keywords: []string{"bearer"},
		re:       regexp.MustCompile(`(?i)\b(bearer(?:\s+|%20|\+))([A-Za-z0-9._~+/-]{8,}=*)`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return strings.ContainsAny(m, "0123456789") || len(m) > 30 },
	},
	{
		keywords: []string{"basic "},
		re:       regexp.MustCompile(`(?i)\b(basic\s+)([A-Za-z0-9+/_-]{6,}={0,2})`),
		with:     "${1}" + Redacted,
		only:     isBasic,
	},
	{
		keywords: []string{"eyj"},
		re:       regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,3}`),
		with:     Redacted,
	},
	{
		keywords: []string{"://"},
		re:       regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)([^\s/?#"'<>\\]+)@`),
		with:     "${1}" + Redacted + "@",
		only:     hasPassword,
	},
	{
		keywords: []string{"@tcp(", "@unix("},
		re:       regexp.MustCompile(`[^\s"'=:]+:[^\s"']+(@(?:tcp|unix)\()`),
		with:     Redacted + "${1}",
	},
	{
		keywords: []string{
			"jrv_", "sk-", "sk_", "rk_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "akia", "asia", "aiza", "hf_", "npm_",
			"pypi-", "dop_v1_", "sg.", "whsec_", "ya29.", "glsa_", "hvs.", "tskey-", "dckr_pat_", "shpat_", "gsk_", "xai-", "pplx-", "age-secret-key-", "lin_api_",
		},
		re: regexp.MustCompile(`\b(?:jrv_[A-Za-z0-9_-]{8,}` +
			`|sk-[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}` +
			`|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}` +
			`|xox[abeprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}` +
			`|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{32,}` +
			`|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|whsec_[A-Za-z0-9+/=]{16,}|ya29\.[A-Za-z0-9_-]{16,}` +
			`|glsa_[A-Za-z0-9_]{20,}|hvs\.[A-Za-z0-9_-]{20,}|tskey-[A-Za-z0-9-]{16,}|dckr_pat_[A-Za-z0-9_-]{16,}` +
			`|shpat_[a-fA-F0-9]{20,}|gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|pplx-[A-Za-z0-9]{20,}|lin_api_[A-Za-z0-9]{20,}` +
			`|AGE-SECRET-KEY-1[A-Z0-9]{20,})`),
		with: Redacted,
	},
	{
		keywords: []string{":aa"},
		re:       regexp.MustCompile(`\b(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]{33}`),
		with:     Redacted,
	},
	{
		keywords: []string{"hooks.slack.com", "/api/webhooks/", "webhook.office.com"},
		re:       regexp.MustCompile(`(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/webhookb2/)[^\s"'<>\\]+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"--"},
		re:       regexp.MustCompile(`(--(?:[a-z]+-)*(?:password|passwd|token|secret|key|apikey|mdp)(?:=| +))("[^"]*"|'[^']*'|[^\s"'\-\\\[][^\s"'\\]*)`),
		with:     "${1}" + Redacted,
	},
}

// isBasic reports whether a match of the Basic scheme holds a name and a
// password, and is not just the word.
func isBasic(m string) bool {
	enc := m[strings.LastIndexAny(m, " \t")+1:]
	enc = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(enc, "="))
	raw, err := base64.RawStdEncoding.DecodeString(enc)
	return err == nil && strings.Contains(string(raw), ":")
}

// hasPassword reports whether the part of a URL before the @ holds more than a
// short user name.
func hasPassword(m string) bool {
	const longestName = 16
	_, info, _ := strings.Cut(m, "://")
	_, password, ok := strings.Cut(strings.TrimSuffix(info, "@"), ":")
	if info == Redacted+"@" || password == Redacted {
		return false
	}
	return ok && password != "" || !ok && len(info) > longestName
}
