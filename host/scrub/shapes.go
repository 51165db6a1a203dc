package scrub

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// bound are the values of a statement whose arguments stand elsewhere.
var bound = regexp.MustCompile(`(?i)^(?:\s*(?:\$[0-9]+|\?|%s|[:@][a-z_0-9]+|null|default|[a-z_]+\(\)?)\s*,?)+$`)

// begun reports whether a key follows its first line, and no sentence about that line.
func begun(m string) bool {
	_, after, _ := strings.Cut(strings.TrimPrefix(m, "-----BEGIN"), "-----")
	word, _, _ := strings.Cut(strings.TrimLeft(after, " "), " ")
	return !strings.HasPrefix(after, " ") || len(word) == 0 || lookOf(word) >= mixedLook || strings.Contains(after, "-----END")
}

var patterns = []pattern{
	{
		keywords: []string{"private key-----", "private key block-----", "secret key-----"},
		alone:    true,
		re:       regexp.MustCompile(`(?s)(-----BEGIN [A-Z0-9 ]*(?:PRIVATE|SECRET) KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*(?:PRIVATE|SECRET) KEY(?: BLOCK)?-----|$))`),
		only:     begun,
	},
	{
		keywords: []string{"bearer"},
		heads:    true,
		re:       regexp.MustCompile(`(?i)^bearer(?:\s+|%20|\+|\.|:\s*)["']?([A-Za-z0-9._~+/-]{8,}=*)`),
		only:     func(m string) bool { return lookOf(m) >= mixedLook || len(m) > 30 },
	},
	{
		keywords: []string{"basic "},
		heads:    true,
		re:       regexp.MustCompile(`(?i)^basic\s+["']?([A-Za-z0-9+/_-]{6,}={0,2})`),
		only:     isBasic,
	},
	{
		keywords: []string{"eyj"},
		alone:    true,
		re:       regexp.MustCompile(`\b(eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,3})`),
	},
	{ // the password of a URL; a name alone, when it is long
		keywords: []string{"://"},
		needs:    "@",
		re:       regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/"'<>\\@?#]*:[^\s"'<>\\]*?|[^\s/"'<>\\@:?#]{10,})@[A-Za-z0-9\[{$_.-]`),
		only: func(m string) bool {
			user, password, ok := strings.Cut(m, ":")
			return ok && password != "" && strings.Count(m, "/") < 3 && !empty(password) || !ok && (len(user) > 20 || lookOf(user) >= drawnLook)
		},
	},
	{
		keywords: []string{"@tcp(", "@unix("},
		re:       regexp.MustCompile(`([^\s"'=:]+:[^\s"']+)@(?:tcp|unix)\(`),
	},
	{
		keywords: []string{"oracle", "sqlplus", "@//", "jdbc:"},
		re:       regexp.MustCompile(`(?:jdbc:oracle:[a-z0-9]+:|sqlplus\s+(?:-\S+\s+)*)[^/\s"'@]+/([^@\s"']+)@`),
	},
	{
		keywords: []string{":aa"},
		alone:    true,
		re:       regexp.MustCompile(`\b((?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]{30,})`),
	},
	{
		keywords: []string{"/bot"},
		alone:    true,
		re:       regexp.MustCompile(`/bot[0-9]{6,}:([A-Za-z0-9_-]{8,})`),
	},
	{
		keywords: []string{"sk", "key-"},
		alone:    true,
		heads:    true,
		re:       regexp.MustCompile(`^(SK[0-9a-f]{32}|key-[0-9a-f]{32})\b`),
	},
	{
		keywords: []string{"pat"},
		alone:    true,
		re:       regexp.MustCompile(`\b(pat[A-Za-z0-9]{14}\.[a-f0-9]{64})`),
	},
	{
		keywords: []string{".atlasv1."},
		alone:    true,
		re:       regexp.MustCompile(`([A-Za-z0-9]+\.atlasv1\.[A-Za-z0-9_-]{24,})`),
	},
	{
		keywords: []string{"_secret_"},
		alone:    true,
		re:       regexp.MustCompile(`\b((?:pi|seti|cs|src|sub)_[A-Za-z0-9]+_secret_[A-Za-z0-9]+)`),
	},
	{ // hashes of passwords
		keywords: []string{"$2", "$5$", "$6$", "$1$", "$apr1$", "$argon2", "$y$", "$7$", "$gy$", "$scrypt$", "$pbkdf2", "pbkdf2", "scram-sha", "{ssha", "{sha", "{md5", "{smd5", "scrypt:", "{crypt", "{bcrypt", "{argon", "$p$", "$h$", "$krb5"},
		re: regexp.MustCompile(`(\$(?:2[abxy]?|[1567]|apr1|argon2(?:id|[id])|g?y|scrypt|pbkdf2[a-z0-9-]*|P|H|krb5[a-z]*)\$[^\s"'\\:]{12,}` +
			`|(?i:\{(?:S?SHA[0-9-]*|S?MD5|CRYPT|bcrypt|argon2|PBKDF2[A-Z0-9-]*)\})[A-Za-z0-9+/=$.]{12,}|(?:pbkdf2[:_a-z0-9]*|scrypt:[0-9:]+|SCRAM-SHA-[0-9]+)\$[^\s"'\\]{16,})`),
	},
	{
		keywords: []string{"hooks.slack", "hooks.zapier", "/api/webhooks/", "webhooks/"},
		alone:    true,
		re:       regexp.MustCompile(`(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/|hooks\.zapier\.com/hooks/catch/|discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/)([^\s"'<>\\?,;)]+)`),
	},
	{ // addresses that are a credential
		keywords: []string{"hooks.", "webhook", "/with/key/", "mattermost", "/hooks/", "ntfy", "discord", "/services/", "rocket.chat", "maker.ifttt", "/feed/", "/private-", "hc-ping.com"},
		re: regexp.MustCompile(`(?:webhook\.office\.com/webhookb2/|logic\.azure\.com[^\s"']*[?&]sig=` +
			`|hooks\.[a-z0-9.-]+/(?:hooks/catch/|services/)?|/api/webhooks?/|/webhooks?/(?:incoming/)?|maker\.ifttt\.com/(?:use/|trigger/[^\s/]+/(?:json/)?with/key/)|hc-ping\.com/|/with/key/|/hooks/|chat\.googleapis\.com/v1/spaces/[^\s"']*[?&]token=|/private-)([^\s"'<>\\?,;)]+)`),
		only: func(m string) bool { return drawnPath(m) },
	},
	{
		keywords: []string{"mfa.", ".g", ".y", ".x"},
		alone:    true,
		re:       regexp.MustCompile(`\b([MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}|mfa\.[A-Za-z0-9_-]{40,})`),
	},
	{
		keywords: []string{"card", "carte", `"pan"`, "pan=", "visa", "mastercard", "cc_num", "ccnum", "cb ", "credit", "bancaire"},
		re:       regexp.MustCompile(`\b([3-6][0-9]{3}(?:[ -]?[0-9]){9,15})\b`),
		only:     isCard,
	},
	{
		keywords: []string{"response="},
		re:       regexp.MustCompile(`\b(?:response|cnonce)=\\*"([A-Za-z0-9]{16,})`),
	},
	{ // private parts of a JWK
		keywords: []string{"kty"},
		re:       regexp.MustCompile(`\\*"(?:d|p|q|dp|dq|qi|k)\\*"\s*:\s*\\*"([A-Za-z0-9_-]{16,})`),
	},
	{ // a password for one program, in four groups
		keywords: []string{"app password", "application password", "app-password", "app_password", "application"},
		re:       regexp.MustCompile(`(?i)app(?:lication)?[ _-]?(?:password|pw|specific password)?\b[^a-z]{1,4}(?:is |: )?([a-z]{4}[ -][a-z]{4}[ -][a-z]{4}[ -][a-z]{4})\b`),
	},
	{
		keywords: []string{"password ", "passe "},
		re:       regexp.MustCompile(`(?i)\b(?:password|passe) ([a-z]{4} [a-z]{4} [a-z]{4} [a-z]{4})\b`),
		only:     func(m string) bool { return surprise(strings.ReplaceAll(m, " ", "")) > 16*100 },
	},
	{ // arguments of a statement
		keywords: []string{"args", "params", "parameters", "bind", "values"},
		re:       regexp.MustCompile(`(?i)(?:passw|passwd|token|secret|mdp|mot_de_passe)[a-z_]*"?\s*=\s*(?:\?|\$[0-9]+|:[a-z_]+|%s|@[a-z_0-9]+).*?(?:args|params|parameters|binds?|values)\W{0,4}(.+)`),
	},
	{ // a link that lets its holder in
		keywords: []string{"/invite", "/join/", "/reset", "/verify", "/confirm", "/activate", "/magic", "/share/", "/token/", "/recover", "/unsubscribe/"},
		re:       regexp.MustCompile(`/(?:invite|invitation|join|reset(?:-password|_password)?|verify|confirm|activate|magic(?:-link)?|share|token|recover|unsubscribe)/([A-Za-z0-9_~-]{16,})`),
		only:     func(m string) bool { return lookOf(m) >= drawnLook || allHex(m) || isUUID(m) },
	},
	{ // a line of .pgpass
		keywords: []string{":5432:", ":*:", "pgpass"},
		re:       regexp.MustCompile(`(?:^|\s)[A-Za-z0-9.*_-]+:(?:[0-9]{2,5}|\*):[A-Za-z0-9_*-]+:[A-Za-z0-9_*-]+:([^\s:]+)`),
	},
	{
		keywords: []string{":apa91"},
		alone:    true,
		re:       regexp.MustCompile(`([A-Za-z0-9_-]{8,}:APA91[A-Za-z0-9_-]{20,})`),
	},
	{
		keywords: []string{"-us"},
		alone:    true,
		re:       regexp.MustCompile(`\b([0-9a-f]{32}-us[0-9]{1,2})\b`),
	},
	{ // what Laravel encrypts
		keywords: []string{"eyjpdii6"},
		re:       regexp.MustCompile(`\b(eyJpdiI6[A-Za-z0-9+/=%]{16,})`),
	},
	{ // the answer to "Password:" of SMTP
		keywords: []string{"ugfzc3dvcmq6"},
		re:       regexp.MustCompile(`UGFzc3dvcmQ6\s+(?:\w+: )?(?:[<>] )?([A-Za-z0-9+/]{4,}={0,2})`),
	},
	{ // what Terraform draws
		keywords: []string{"random_password", "random_bytes"},
		re:       regexp.MustCompile(`\\*"(?:result|base64|hex)\\*"\s*:\s*\\*"([^"\\]+)`),
	},
	{ // a cookie that is set
		keywords: []string{"; path=", "; httponly", "; samesite", "; max-age", "; secure"},
		re:       regexp.MustCompile(`(?i)\b[a-z0-9_.-]+=([^\s;"'=]{12,}); (?:path|max-age|httponly|secure|samesite|expires|domain)\b`),
		only:     func(m string) bool { return lookOf(m) >= drawnLook },
	},
	{ // keys of Z-Wave
		keywords: []string{"s0_", "s2_"},
		re:       regexp.MustCompile(`(?i)\bs[02]_(?:legacy|unauthenticated|authenticated|accesscontrol)["']?\s*[:=]\s*["']?([0-9a-f]{32})`),
	},
	{ // keys of Z-Wave, as Node writes bytes
		keywords: []string{"s0_", "s2_"},
		re:       regexp.MustCompile(`(?i)\bs[02]_(?:legacy|unauthenticated|authenticated|accesscontrol)\\*["']?\s*:\s*\{\s*\\*["']?type\\*["']?:\s*\\*["']Buffer\\*["'],\s*\\*["']?data\\*["']?:\s*\[([0-9, ]+)\]`),
	},
	{
		keywords: []string{"bind("},
		re:       regexp.MustCompile(`(?i)\bbind\([^"()]*, ?["']([^"']+)["']`),
	},
	{
		keywords: []string{"cookie{"},
		re:       regexp.MustCompile(`Cookie\{Name:"[^"]*", (?:Quoted:[a-z]+, )?Value:"([^"]{8,})"`),
		only:     func(m string) bool { return lookOf(m) >= mixedLook },
	},
	{ // a field whose value pydantic did not like
		keywords: []string{"input_value="},
		re:       regexp.MustCompile(`(?i)(?:key|token|secret|passw[a-z]*|pwd)\n\s+[^\n]*input_value='([^']+)'`),
	},
	{ // the password of a URL that is none
		keywords: []string{"sql//", "sql2//", "redis//", "amqp//", "mqtt//", "mongodb//", "postgres//", "http//", "https//"},
		needs:    "@",
		re:       regexp.MustCompile(`[a-z2]//[^\s/:@]+:([^\s@/]+)@[A-Za-z0-9]`),
	},
	{ // the last argument of what sets one
		keywords: []string{"password("},
		re:       regexp.MustCompile(`(?i)password\((?:["'][^"']*["'],\s*){1,3}(["'][^"']{5,}["'])\)`),
		only:     isArgument,
	},
	{ // an argument of a program that nobody names
		keywords: []string{"'-p'", `"-p"`},
		re:       regexp.MustCompile(`["']-[pP]["'],\s*["']([^"':/\s]{5,})["']`),
		only:     func(m string) bool { return lookOf(m) >= mixedLook },
	},
	{ // a line of a cookie jar
		keywords: []string{"\tfalse\t", "\ttrue\t"},
		re:       regexp.MustCompile(`\t/[^\t]*\t(?:TRUE|FALSE)\t[0-9]+\t[^\t]+\t([^\s]{8,})`),
		only:     func(m string) bool { return lookOf(m) >= mixedLook },
	},
	{ // a field of a page, either way round
		keywords: []string{"<input"},
		needs:    "password",
		re:       regexp.MustCompile(`(?i)<input\b[^>]*\bvalue=["']([^"']+)["'][^>]*\btype=["']password`),
	},
	{
		keywords: []string{"<input"},
		needs:    "password",
		re:       regexp.MustCompile(`(?i)<input\b[^>]*\btype=["']password["'][^>]*\bvalue=["']([^"']+)["']`),
	},
	{ // what a statement sets
		keywords: []string{" where "},
		re:       regexp.MustCompile(`(?i)\bvalue\s*=\s*'([^']+)'\s+where\s+\w+\s*=\s*'[^']*(?:passw|secret|token|mdp|api_key|apikey)`),
	},
	{ // a data source, a user, a password
		keywords: []string{"__construct('"},
		re:       regexp.MustCompile(`__construct\('[^']*', ?'[^']*', ?'([^']+)'`),
	},
	{ // arguments of what takes a password
		keywords: []string{"login(", "signin(", "sign_in(", "auth(", "authenticate("},
		re:       regexp.MustCompile(`(?i)(?:login|sign_?in|auth|authenticate)\((?:[^()"',=]*,\s*|["'][^"'=]*["'],\s*)??(["'][^"']{5,}["']|[^\s"'(),=:./]{6,})[,)]`),
		only:     isArgument,
	},
	{ // and of what checks one
		keywords: []string{"verify(", "checkpw(", "compare(", "password(", "connect(", "hashpw(", "unlock(", "credentials(", "validate("},
		re:       regexp.MustCompile(`(?i)(?:verify|checkpw|compare|password|connect|hashpw|unlock|credentials|validate)\((?:[^()"',=]*,\s*|["'][^"'=]*["'],\s*)??(["'][^"']{5,}["'])[,)]`),
		only:     isArgument,
	},
	{
		keywords: []string{"verify(", "authenticate(", "check("},
		re:       regexp.MustCompile(`(?i)\b(?:verify|check)\([a-z]+,\s*([^\s"'(),=:./]{6,})\)`),
		only:     isArgument,
	},
	{ // an address of mail and a password
		keywords: []string{".com", ".org", ".net", ".fr", ".io", ".eu", ".test"},
		needs:    "@",
		re:       regexp.MustCompile(`[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[a-z]{2,}(?: / |/|:| \| )([^\s:/@,;"'|]{6,})`),
		only:     func(m string) bool { return lookOf(m) >= mixedLook && !isUUID(m) },
	},
	{ // a name, a password and a host
		keywords: []string{"@nas", "@host", "@192.", "@10.", "@172.", ".local", ".lan", ".home", ".com", ".org", ".net"},
		needs:    "@",
		re:       regexp.MustCompile(`(?:^|[\s"'=])[A-Za-z][A-Za-z0-9_.-]*:([^\s:@/"']{5,})@[a-z0-9][a-z0-9.-]*`),
		only:     func(m string) bool { return lookOf(m) >= mixedLook && !strings.Contains(m, "-alpine") && !unit(m) },
	},
	{ // what an address on a server may be pushed to, pinged at or read by
		keywords: []string{"/push/", "/ping/", "/notify/", "/trigger/", "/heartbeat/", "/ical/", "/calendar/", "/rss/", "/feed/", "/feeds/", "/s/", "/subscribe/", "/incoming/", "/hook/", "/callback/"},
		re:       regexp.MustCompile(`(?:https?://[^\s/"'<>]+|[\s"'=(])(?:/[a-z0-9._-]+)*?/(?:push|ping|notify|trigger|heartbeat|ical|calendar|rss|feeds?|s|subscribe|incoming|hook|callback)/([A-Za-z0-9_-]{10,})`),
		only: func(m string) bool {
			c := count(m)
			return lookOf(m) >= drawnLook || c.capitals > 0 && c.small > 0 && c.digits > 0 && c.marks == 0 && c.turns >= 3
		},
	},
	{ // who may be written to, of a maker that lets whoever knows it write
		keywords: []string{"user", "recipient", "group"},
		heads:    true,
		re:       regexp.MustCompile(`^(?i:user_?key|user|recipient|group)["']?(?:\s*[:=]\s*|\s+)["']?([ug][a-z0-9]{29})\b`),
		only:     func(m string) bool { return !allHex(m) && count(m).digits > 3 && lookOf(m) >= drawnLook },
	},
	{ // headers that let an application in
		keywords: []string{"x-"},
		re:       regexp.MustCompile(`(?i)\bx-(?:[a-z0-9]+-)*(?:consumer|application|app|api|auth|access)\\*["']?\s*[:=]\s*\\*["']?([A-Za-z0-9._~+/-]{16,}=*)`),
		only:     func(m string) bool { return allHex(m) && len(m) >= 32 || lookOf(m) >= drawnLook },
	},
	{ // the user of a bridge
		keywords: []string{"/api/"},
		re:       regexp.MustCompile(`/api/([A-Za-z0-9-]{10,40})/(?:lights|groups|sensors|config|scenes|rules|schedules|resourcelinks|capabilities)\b`),
		only:     func(m string) bool { return lookOf(m) >= mixedLook },
	},
	{
		keywords: []string{"mt:"},
		re:       regexp.MustCompile(`\b(MT:[A-Z0-9.-]{15,})`),
	},
	{
		keywords: []string{"insert into"},
		re:       regexp.MustCompile(`(?i)\binsert into [^()]*\([^)]*(?:pass|pwd|secret|token|mdp)[^)]*\)\s*values\s*\(([^)]*)`),
		only:     func(m string) bool { return !bound.MatchString(m) },
	},
	{ // the slot of an intent: what a door or an alarm is told
		keywords: []string{`code"`, "code'"},
		re:       regexp.MustCompile(`(?is)(?:alarm|lock|door|garage|gate).{0,200}?["']code["']\s*[,:]\s*\{?\s*["']value["']\s*:\s*["']?([0-9A-Za-z]{3,12})`),
	},
	{ // a network, as cameras read it from a sticker
		keywords: []string{"wifi:"},
		re:       regexp.MustCompile(`WIFI:[^"\n]{0,80}?\bP:((?:\\.|[^;\\])+)`),
	},
	{
		keywords: []string{"twilio"},
		re:       regexp.MustCompile(`(?i)twilio\b.{0,20}?\bAC[0-9a-f]{32}\b.{0,20}?\b([0-9a-f]{32})\b`),
	},
	{ // a name in one place, its value in another
		keywords: []string{`value"`, "value:", "value=", `value\`, "value'", "value =", `val"`, "content=", "'value"},
		re: regexp.MustCompile(`(?:name|key|id|Name|Key|NAME|KEY|field|label|header|option|property|setting|param|variable)\\*["']?\s*[:=]\s*\\*["']?([A-Za-z0-9_.\x{c0}-\x{ff} -]+)\\*["']?(?:[,;\s]|\\n|\\r)+\\*["']?(?:[Vv]al(?:ue)?|VALUE|content|default|new|data)\\*["']?\s*[:=]\s*\\*["']?` +
			`([^\s"'\\,;}]+)`),
	},
	{
		keywords: []string{`value"`, "value:", "value=", `value\`, "value'", "value =", `val"`},
		re: regexp.MustCompile(`(?:)["']?[Vv]al(?:ue)?\\*["']?\s*[:=]\s*\\*["']?()` +
			`([^\s"'\\,;}]+)\\*["']?,\s*\\*["']?(?:name|key|id|Name|Key|field|label)\\*["']?\s*[:=]\s*\\*["']?([A-Za-z0-9_.\x{c0}-\x{ff}-]+)`),
	},
	{
		keywords: []string{`"value`, `"val`, `"default`, ` value=`, " default", "'value", "{value", "{default"},
		re:       regexp.MustCompile(`["'<]([A-Za-z0-9_.:-]+)\\*["']?\s*[:=]?\s*[{\[(]?\s*\\*["']?(?:[Vv]al(?:ue)?|default|content)\\*["']?\s*[:=]\s*\\*["']([^"'\\]+)`),
	},
	{
		keywords: []string{"form-data"},
		re:       regexp.MustCompile(`name=\\*"?([A-Za-z0-9_.\x{c0}-\x{ff}-]+)\\*"?(?:[^\r\n\\]*)(?:\\r|\\n|\r|\n|\s){2,8}([^\\\r\n-][^\\\r\n]*)`),
	},
	{
		keywords: []string{"</"},
		re:       regexp.MustCompile(`<([A-Za-z0-9_:-]+)\s[^<>]*>([^<]+)</`),
	},
	{
		keywords: []string{"</"},
		re:       regexp.MustCompile(`(?:name|key)=["']([A-Za-z0-9_:. -]+)["'][^<>]*>\s*(?:<[a-z]+>)?([^<]+)</`),
	},
}

// drawnPath reports whether a part of a path was drawn.
func drawnPath(m string) bool {
	for p := range strings.FieldsFuncSeq(m, func(r rune) bool { return r == '/' || r == '.' || r == '=' || r == '&' }) {
		if len(p) >= 8 && (lookOf(p) >= mixedLook || allHex(p) || isUUID(p)) {
			return true
		}
	}
	return false
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

// isArgument reports whether an argument looks like a password.
func isArgument(m string) bool {
	v := strings.Trim(m, "\"'")
	return lookOf(v) >= mixedLook && roles()[small(v)] == 0 && !strings.Contains(v, " ") && !promisesAny(v)
}

// isBasic reports whether a match of the Basic scheme holds a name and a
// password, and is not just the word.
func isBasic(enc string) bool {
	enc = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(enc, "="))
	raw, err := base64.RawStdEncoding.DecodeString(enc)
	return err == nil && strings.Contains(string(raw), ":")
}
