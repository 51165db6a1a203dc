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
		keywords: []string{"private key-----", "private key block-----"},
		re:       regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)`),
		with:     Redacted,
	},
	{
		keywords: []string{"bearer"},
		re:       regexp.MustCompile(`(?i)\b(bearer(?:\s+|%20|\+))([A-Za-z0-9._~+/-]{8,}=*)`),
		with:     "${1}" + Redacted,
		only: func(m string) bool {
			return strings.ContainsAny(m, "0123456789") || len(m) > 30 || mixed(m[len("bearer "):])
		},
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
		re:       regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)([^\s/"'<>\\]+)@`),
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
			"gldt-", "glptt-", "glrt-", "glcbt-", "xapp-", "gocspx-", "1//0", "doo_v1_", "dor_v1_", "key-", "ntn_", "secret_", "shpss_", "shppa_", "shpca_", "sq0", "dapi",
			"glc_", "r8_", "nrak-", "sntrys_", "sntryu_", "atatt3", "figd_", "fo1_", "fm2_", "pul-", "rubygems_", "sl.", "sbp_", "nvapi-", "tk_", "hrku-", "dp.pt.", "dp.st.",
			"pscale_", "pmak-", "ssws ", "hvb.", "hvr.", "atlasv1", "ops_", "abia", "acca", "glft-", "sha256~", "v1.0-", "lsv2_",
			"glsoat-", "glimt-", "gloas-", "cfpat-", "pat-na", "pat-eu", "xkeysib-", "xsmtpsib-", "nrii-", "nrjs-", "phc_", "phx_", "eaac", "ltai", "absk", ".local.", ".public.",
			"tfp_", "nfp_", "rnd_", "rpa_", "key_", "esecret_", "bkua_", "oy2", "ccipat_", "rdme_", "dckr_oat_", "re_", "sk.eyj", "pk.eyj", "ddapi_",
			"eyjrijoi",
			"tvly-", "fc-", "jina_", "fw_", "csk-", "ctx7sk",
		},
		re: regexp.MustCompile(`\b(?:jrv_[A-Za-z0-9_-]{8,}` +
			`|sk-[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}` +
			`|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}` +
			`|xox[abeprs][.-][A-Za-z0-9.-]{10,}|xapp-[A-Za-z0-9-]{16,}|gl(?:dt|ptt|rt|cbt|ft)-[A-Za-z0-9_-]{16,}|GOCSPX-[A-Za-z0-9_-]{16,}|1//0[A-Za-z0-9_-]{24,}` +
			`|do[or]_v1_[a-f0-9]{32,}|key-[0-9a-f]{32}|ntn_[A-Za-z0-9]{32,}|secret_[A-Za-z0-9]{32,}|shp(?:ss|pa|ca)_[a-fA-F0-9]{20,}` +
			`|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{16,}|dapi[0-9a-f]{32}|glc_[A-Za-z0-9+/=_-]{24,}|r8_[A-Za-z0-9]{24,}|NRAK-[A-Z0-9]{20,}` +
			`|sntry[su]_[A-Za-z0-9+/=_-]{24,}|ATATT3[A-Za-z0-9_=-]{24,}|figd_[A-Za-z0-9_-]{24,}|fo1_[A-Za-z0-9_-]{24,}|fm2_[A-Za-z0-9+/=_-]{24,}` +
			`|pul-[0-9a-f]{32,}|rubygems_[0-9a-f]{32,}|sl\.[A-Za-z0-9_-]{60,}|sbp_[0-9a-f]{32,}|sk_[0-9a-f]{40,}|nvapi-[A-Za-z0-9_-]{32,}|tk_[a-z0-9]{29}\b` +
			`|HRKU-[A-Za-z0-9_-]{24,}|dp\.[ps]t\.[A-Za-z0-9]{32,}|pscale_[a-z]+_[A-Za-z0-9_-]{24,}|PMAK-[0-9a-f-]{40,}|SSWS 00[A-Za-z0-9_-]{30,}` +
			`|hv[br]\.[A-Za-z0-9_-]{20,}|ops_eyJ[A-Za-z0-9_-]{24,}|(?:ABIA|ACCA)[A-Z0-9]{16}|sha256~[A-Za-z0-9_-]{32,}|v1\.0-[0-9a-f]{16,}-[0-9a-f]{64,}` +
			`|lsv2_[a-z]{2}_[0-9a-f_]{32,}|tvly-[A-Za-z0-9-]{20,}|fc-[0-9a-f]{32}|jina_[A-Za-z0-9_-]{32,}|fw_[A-Za-z0-9]{22,}|csk-[a-z0-9]{32,}|ctx7sk-[0-9a-f-]{30,}` +
			`|eyJrIjoi[A-Za-z0-9+/_-]{30,}|gl(?:soat|imt|oas|agent|ffct)-[A-Za-z0-9_-]{16,}|CFPAT-[A-Za-z0-9_-]{30,}|pat-(?:na|eu)[0-9]-[0-9a-f-]{30,}|x(?:key|smtp)sib-[0-9a-f]{40,}(?:-[A-Za-z0-9]+)?` +
			`|NR(?:II|JS|AA|RA)-[A-Za-z0-9]{16,}|ph[cx]_[A-Za-z0-9]{30,}|EAAC[A-Za-z0-9]{40,}|LTAI[A-Za-z0-9]{16,}|ABSK[A-Za-z0-9+/=]{60,}|v[1-4]\.(?:local|public)\.[A-Za-z0-9_-]{32,}` +
			`|(?:tfp|nfp|rnd|rpa|bkua|rdme|key|esecret|ddapi)_[A-Za-z0-9]{30,}|oy2[a-z2-7]{43}|CCIPAT_[A-Za-z0-9_]{40,}|dckr_oat_[A-Za-z0-9_-]{20,}|re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}|[ps]k\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{16,}` +
			`|[A-Za-z0-9]+\.atlasv1\.[A-Za-z0-9_-]{24,}` +
			`|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}` +
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
		keywords: []string{"/bot"},
		re:       regexp.MustCompile(`(/bot)[0-9]{6,}:[A-Za-z0-9_-]{8,}`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"sk"},
		re:       regexp.MustCompile(`SK[0-9a-f]{32}\b`),
		with:     Redacted,
	},
	{
		keywords: []string{"pat"},
		re:       regexp.MustCompile(`pat[A-Za-z0-9]{14}\.[a-f0-9]{64}`),
		with:     Redacted,
	},
	{
		keywords: []string{"_secret_"},
		re:       regexp.MustCompile(`\b(?:pi|seti|cs|src|sub)_[A-Za-z0-9]+_secret_[A-Za-z0-9]+`),
		with:     Redacted,
	},
	{
		keywords: []string{"$2", "$5$", "$6$", "$1$", "$apr1$", "$argon2", "$y$", "$scrypt$", "pbkdf2", "scram-sha", "{ssha", "{sha", "{md5", "{smd5", "scrypt:", "{crypt"},
		re: regexp.MustCompile(`\$(?:2[abxy]?|[1567]|apr1|argon2(?:id|[id])|y|scrypt|pbkdf2[a-z0-9-]*)\$[^\s"'\\:]{16,}` +
			`|\{(?:S?SHA[0-9-]*|S?MD5|CRYPT)\}[A-Za-z0-9+/=$.]{16,}|(?:pbkdf2[:_a-z0-9]*|scrypt:[0-9:]+|SCRAM-SHA-[0-9]+)\$[^\s"'\\]{16,}`),
		with: Redacted,
	},
	{
		keywords: []string{"hooks.slack.com", "/api/webhook", "webhook.office.com", "hooks.nabu.casa", "hooks.zapier.com", "/with/key/", "mattermost"},
		re: regexp.MustCompile(`(hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/|webhook\.office\.com/webhookb2/` +
			`|hooks\.nabu\.casa/|hooks\.zapier\.com/hooks/catch/|/api/webhook/|maker\.ifttt\.com/trigger/[^\s/]+/(?:json/)?with/key/|/api/webhooks/[0-9]+/)[^\s"'<>\\?]+`),
		with: "${1}" + Redacted,
	},
	{
		keywords: []string{"curl", "wget", "http "},
		re:       regexp.MustCompile(`(\s(?:-u|--user|--proxy-user|-U|-a|--auth)[ =]?["']?[^\s:"']+:)[^\s"']+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"-b ", "--cookie"},
		re:       regexp.MustCompile(`((?:^|\s)(?:-b|--cookie)[ =]["']?[^\s=;"']+=)[^"'\s]+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"mysql", "mariadb"},
		re:       regexp.MustCompile(`(\b(?:mysql|mariadb)[a-z-]*\s(?:[^|;]*\s)?-p)[^\s"']+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"sshpass", "redis-cli", "mosquitto_", " login ", "ldap", "smbclient", "ftp "},
		re: regexp.MustCompile(`(\b(?:sshpass\s+-p ?|redis-cli\s(?:[^|;]*\s)?-a |mosquitto_[a-z]+\s(?:[^|;]*\s)?-P |(?:docker|podman|helm|skopeo|buildah|oras|az|npm)\s(?:[^|;]*\s)?login\s(?:[^|;]*\s)?-p ` +
			`|ldap[a-z]+\s(?:[^|;]*\s)?-w ))["']?[^\s"']+`),
		with: "${1}" + Redacted,
	},
	{
		keywords: []string{"identified by", "password '"},
		re:       regexp.MustCompile(`(?i)(\b(?:identified\s+by|password)\s+')[^']+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"auth plain", "auth login", "auth xoauth2"},
		re:       regexp.MustCompile(`(?i)(\bauth\s+(?:plain|login|xoauth2)\s+)[A-Za-z0-9+/=]{8,}`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"redis auth "},
		re:       regexp.MustCompile(`(?i)(\bredis auth\s+)\S+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"</"},
		re:       regexp.MustCompile(`(<([A-Za-z0-9_:-]{2,64})\s[^<>]*>)[^<]+</`),
		with:     "${1}" + Redacted + "</",
		only:     isElement,
	},
	{
		keywords: []string{"\"--", "'--"},
		re:       regexp.MustCompile(`(["']-{2}([A-Za-z0-9_-]{2,64})\\*["']\s*,?\s*\\*["'])[^"'\\]+`),
		with:     "${1}" + Redacted,
		only:     isQuotedFlag,
	},
	{
		keywords: []string{`\u003d`, `\u0022`, "&quot;", "&#34;"},
		re:       regexp.MustCompile(`([A-Za-z0-9_.-]{2,64}(?:\\u003[dD]|(?:\\u0022|&quot;|&#34;)\s*(?:[:=]|\\u003[aAdD])(?:\s|\\u0020)*(?:\\u0022|&quot;|&#34;)))[^\s\\&"']+`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return promises(m[:strings.IndexAny(m, `\&`)]) },
	},
	{
		keywords: []string{"mot de passe"},
		re:       regexp.MustCompile(`(?i)(mots? de passe[^:=]{1,24}(?:[:=]|c'est|est)\s*["'«]?\s*)[^\s"'»]{4,}`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return said(m[strings.LastIndexAny(m, " :=\"'")+1:], true, true) },
	},
	{
		keywords: []string{"</"},
		re:       regexp.MustCompile(`((?:name|key)=["']([A-Za-z0-9_:.-]{2,64})["'][^<>]*>)[^<]+</`),
		with:     "${1}" + Redacted + "</",
		only: func(m string) bool {
			return promises(strings.FieldsFunc(m, isQuote)[1]) && !strings.Contains(m, ">"+Redacted)
		},
	},
	{
		keywords: []string{"auth=(", "basicauth(", "basic_auth(", "basic auth (", "setbasicauth("},
		re:       regexp.MustCompile(`(?i)((?:auth=|basic[_ ]?auth ?)\(\s*["']?[^"',()]*["']?\s*,\s*["']?)[^"',()\s]+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"sudo -s", "-password-stdin", "-pass stdin"},
		re:       regexp.MustCompile(`(\b(?:echo|printf)\s+(?:-n\s+)?)(?:"[^"]+"|'[^']+'|[^\s|"']+)(\s*\|\s*[^|]*(?:sudo -S|-password-stdin|-pass stdin))`),
		with:     "${1}" + Redacted + "${2}",
	},
	{
		keywords: []string{"openssl", "htpasswd", "vault login", "rclone obscure", "smbclient", "mount.cifs"},
		re: regexp.MustCompile(`(\b(?:openssl\s(?:[^|;]*\s)?-(?:k|K|passin|passout) (?:pass:)?|htpasswd\s+-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+\S+\s+|vault login |rclone obscure ` +
			`|smbclient\s(?:[^|;]*\s)?-U ?["']?[^\s%]+%))[^\s"'\-][^\s"']*`),
		with: "${1}" + Redacted,
	},
	{
		keywords: []string{"wifi:"},
		re:       regexp.MustCompile(`(\bWIFI:(?:[^\s;]*;)*?P:)(?:\\.|[^;\s])+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{`auth "`, `auth" "`, "auth default ", "auth "},
		re:       regexp.MustCompile(`((?:^|[\s"'])AUTH["']?\s+(?:["']?default["']?\s+)?["']?)[^\s"']+`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return said(m[strings.LastIndexAny(m, " \t\"'")+1:], true, true) },
	},
	{
		keywords: []string{
			" community", "tacacs ", "radius ", "wpa2 ", "wpa3 ", "ike ", "psk \"", "eap \"", "xauth \"", "auth-user-pass ", "hmac ", "isakmp ", "enable secret ", "enable password ", "snmp", "net use ", "schtasks ", "securestring ",
			" login ", "pass ", "add-mask::", "issecret=true]",
			"requirepass ", "masterauth ", "bindpw ", "rootpw ", "wpa-psk ", "wpa_passphrase ", "private-key ", "preshared-key ", "acl setuser", "sasl plain",
		},
		re: regexp.MustCompile(`((?:\b(?:requirepass|masterauth|bindpw|rootpw|wpa-psk|wpa_passphrase|private-key|preshared-key)\s+|\bACL SETUSER\s.*?\s>|\bSASL PLAIN \S+ ` +
			`|\bsnmp(?:-server)? community:? |\b(?:tacacs|radius|wpa[23]?|ike|hmac|isakmp) (?:key|psk|secret):? |\benable (?:secret|password) [0-9] |\bsnmp(?:walk|get|set|bulkwalk|v3)\s(?:[^|;]*\s)?-[cAX] ` +
			`|\bnet use .*?/user:\S+ |\bschtasks .*?/RP |\bConvertTo-SecureString |\b[a-zA-Z]?[0-9]+ LOGIN \S+ |\bPASS |\b(?:PSK|EAP|XAUTH|psk) "|\bauth-user-pass \S+ |::add-mask::|\bissecret=true\])["']?)` +
			`[^\s"'=:/\-][^\s"']*`),
		with: "${1}" + Redacted,
		only: func(m string) bool { return !isProse(m[strings.LastIndexAny(m, " \t\"'>")+1:], "") },
	},
	{
		keywords: []string{"insert into"},
		re:       regexp.MustCompile(`(?i)(\binsert into [^()]*\([^)]*(?:pass|pwd|secret|token|mdp)[^)]*\)\s*values\s*\()[^)]*`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"args=["},
		re:       regexp.MustCompile(`(args=\[)[^\]]*(\]\s+query="[^"]*(?:pass|secret|token))`),
		with:     "${1}" + Redacted + "${2}",
	},
	{
		keywords: []string{"identifiants", "credentials", "creds"},
		re:       regexp.MustCompile(`(\b(?:[Ii]dentifiants|[Cc]redentials|[Cc]reds)\s*:\s*\S+\s+/\s+)[^\s"']+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"password('", "crypt('"},
		re:       regexp.MustCompile(`(?i)(\b(?:password|crypt)\(\s*')[^']+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"card", "carte", `"pan"`, "pan="},
		re:       regexp.MustCompile(`\b[3-6][0-9]{3}(?:[ -]?[0-9]){9,15}\b`),
		with:     Redacted,
		only:     isCard,
	},
	{
		keywords: []string{"alarm", "disarm", "lock"},
		re:       regexp.MustCompile(`(\b(?:alarm_[a-z_.]+|disarm|lock\.[a-z]+|unlock)\b.*?\bcode\\*["']?\s*[:=]\s*\\*["']?)[0-9]{4,8}\b`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{" key ", " key: "},
		re:       regexp.MustCompile(`(?i)(\b(?:with|refused|bad|invalid|unknown|wrong|using) key:?\s+["']?)[A-Za-z0-9_-]{12,}`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return mixed(m[strings.LastIndexAny(m, " \"'")+1:]) },
	},
	{
		keywords: []string{"login(", "authenticate(", "signin(", "credentials ", "failed for ", "login attempt:"},
		re:       regexp.MustCompile(`(?i)(\b(?:(?:login|signin|authenticate)\(\s*["']?[^"',()\s]+["']?\s*,\s*["']?|(?:credentials|(?:auth|login) failed for|login attempt:)\s+[a-z0-9._-]+[:/]))[^"',()\s]{6,}`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return said(m[strings.LastIndexAny(m, " :/,\"'(")+1:], true, true) },
	},
	{
		keywords: []string{" as ", " comme "},
		re:       regexp.MustCompile(`(?i)(\b(?:typed|entered|used|sent|got|using|tapé|saisi)\s+["']?)[^\s"']{6,}(["']?\s+(?:as|comme)\s+(?:the\s|le\s|a\s)?(?:password|token|pin|mot de passe)\b)`),
		with:     "${1}" + Redacted + "${2}",
	},
	{
		keywords: []string{"value="},
		re:       regexp.MustCompile(`(\bvalue=["'])[^"']+(["'] for (?:key|name) [A-Za-z0-9_.-]*(?:password|secret|token))`),
		with:     "${1}" + Redacted + "${2}",
	},
	{
		keywords: []string{"default =", "<cred", " value=\""},
		re:       regexp.MustCompile(`((?:\bvariable "|<)([A-Za-z0-9_:.-]{2,64})"?\s+(?:\{\s*default\s*=\s*|[Vv]alue=)["'])[^"']+`),
		with:     "${1}" + Redacted,
		only: func(m string) bool {
			name := strings.TrimPrefix(strings.TrimPrefix(m, "variable \""), "<")
			return promises(name[:strings.IndexAny(name, "\" {")])
		},
	},
	{
		keywords: []string{"&lt;"},
		re:       regexp.MustCompile(`(&lt;([A-Za-z0-9_:-]{2,64})&gt;)[^&<]+`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return promises(m[len("&lt;"):strings.Index(m, "&gt;")]) },
	},
	{
		keywords: []string{"value", `"val`},
		re:       regexp.MustCompile(`(["']([A-Za-z0-9_.-]{2,64})\\*["']\s*:\s*\{\s*\\*["']val(?:ue)?\\*["']\s*:\s*\\*["'])[^"'\\]+`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return promises(strings.TrimRight(strings.FieldsFunc(m, isQuote)[0], `\`)) },
	},
	{
		keywords: []string{"bearer."},
		re:       regexp.MustCompile(`(\bbearer\.)[A-Za-z0-9_-]{16,}`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"response="},
		re:       regexp.MustCompile(`(\bresponse=\\*")[A-Za-z0-9]{16,}`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"/api/"}, // the name that a Hue bridge gives its users
		re:       regexp.MustCompile(`(/api/)[A-Za-z0-9-]{32,40}\b`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return drawnName(strings.TrimPrefix(m, "/api/")) },
	},
	{
		keywords: []string{"username"},
		re:       regexp.MustCompile(`(\busername\\*["']?[ :=]+\\*["']?)[A-Za-z0-9-]{40}\b`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return drawnName(m[len(m)-40:]) },
	},
	{
		keywords: []string{" for ", " pour ", " of "},
		re:       regexp.MustCompile(`(?i)(\b(?:password|passphrase|passcode|passwort|pin|psk|mot de passe)\s+(?:for|pour|of)\s[^:=\n]{1,32}[:=]\s*["']?)[^\s"']{4,}`),
		with:     "${1}" + Redacted,
		only:     func(m string) bool { return said(m[strings.LastIndexAny(m, " :=\"'")+1:], true, true) },
	},
	{
		keywords: []string{"password"},
		re:       regexp.MustCompile(`(\blogin\s+\S+\s+password\s+)\S+`),
		with:     "${1}" + Redacted,
	},
	{
		keywords: []string{"jdbc:oracle"},
		re:       regexp.MustCompile(`(jdbc:oracle:[a-z]+:[^/\s]+/)[^@\s]+@`),
		with:     "${1}" + Redacted + "@",
	},
	{
		keywords: []string{`value"`, "value:", "value=", `value\`, "value'", "value =", `val"`},
		re: regexp.MustCompile(`((?:name|key|id|Name|Key)\\*["']?\s*[:=]\s*\\*["']?([A-Za-z0-9_.-]{2,64})\\*["']?(?:[,;\s]|\\n|\\r)+\\*["']?[Vv]al(?:ue)?\\*["']?\s*[:=]\s*\\*["']?)` +
			`([^\s"'\\,;}]+)`),
		with: "${1}" + Redacted,
		only: isPair,
	},
	{
		keywords: []string{"form-data"},
		re:       regexp.MustCompile(`(name=\\*"([A-Za-z0-9_.-]{2,64})\\*"(?:\\r|\\n|\r|\n){2,8})([^\\\r\n]+)`),
		with:     "${1}" + Redacted,
		only:     isPair,
	},
	{
		keywords: []string{"--"},
		re:       regexp.MustCompile(`(--(?:[A-Za-z0-9]+[-_])*(?i:password|passwd|token|secret|key|apikey|mdp|pass|psk|pin)(?:=| +))("[^"]*"|'[^']*'|[^\s"'\-\\\[][^\s"'\\]*)`),
		with:     "${1}" + Redacted,
		only:     isFlag,
	},
}

// isFlag reports whether a match of a flag and what follows it is no sentence.
func isFlag(m string) bool {
	i := strings.IndexAny(m, "= ")
	return promiseOf(strings.TrimLeft(m[:i], "-")) != nothing && !isProse(strings.TrimLeft(m[i:], "= "), "pass")
}

// drawnName reports whether a part of a path was drawn at random, and is no hash.
func drawnName(v string) bool {
	c := count(v)
	return c.capitals > 2 && c.letters-c.capitals > 2 && c.digits > 1
}

// isCard reports whether digits are the number of a card: their sum by Luhn's
// rule (ISO/IEC 7812) ends in 0.
func isCard(m string) bool {
	sum, twice := 0, false
	for i := len(m) - 1; i >= 0; i-- {
		if m[i] < '0' {
			continue
		}
		d := int(m[i] - '0')
		if twice {
			d = d*2 - d*2/10*9
		}
		sum, twice = sum+d, !twice
	}
	return sum%10 == 0
}

func isQuote(r rune) bool { return r == '"' || r == '\'' }

// isQuotedFlag reports whether a match is a flag whose name promises a secret,
// in a list of arguments.
func isQuotedFlag(m string) bool {
	name := strings.FieldsFunc(m, isQuote)[0]
	return promises(strings.Trim(name, `-\`)) && !strings.HasSuffix(m, Redacted)
}

// isElement reports whether a match is an element with attributes whose name
// promises a secret.
func isElement(m string) bool {
	name, _, _ := strings.Cut(m[1:], " ")
	return promises(name) && !strings.Contains(m, ">"+Redacted)
}

var pairName = regexp.MustCompile(`[:=]\s*\\*["']?([A-Za-z0-9_.-]{2,64})`)

// isPair reports whether a match names a secret in one place, and holds it in
// another.
func isPair(m string) bool {
	found := pairName.FindStringSubmatch(m)
	return found != nil && promises(found[1]) && !strings.HasSuffix(m, Redacted)
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
	user, password, ok := strings.Cut(strings.TrimSuffix(info, "@"), ":")
	if strings.Contains(user, "?") {
		return false // an address without a path, and an @ in its query
	}
	if info == Redacted+"@" || password == Redacted {
		return false
	}
	return ok && password != "" || !ok && len(info) > longestName
}
