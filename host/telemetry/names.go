package telemetry

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// keyWords are the words of which one is in every name that promises a secret;
// a text without any of them is not looked at further.
var keyWords = []string{
	"pass", "pwd", "mdp", "mot de", "mot_de", "mot-de", "motde", "secret", "secrète", "secrete", "token", "jeton", "key", "clé", "cle", "auth",
	"cookie", "cred", "identifiants", "sess", "sid", "sig", "otp", "ticket", "pin", "srf", "psk", "pw", "code", "clef", "appid",
	"jwt", "llat", "bearer", "pat", "sas", "salt", "private", "refresh", "access", "webhook", "secure", "kennwort", "contrase", "clave",
}

// secretEnds end names that promise a secret, in small letters without marks.
var secretEnds = []string{
	"password", "passwd", "passwort", "passphrase", "passcode", "pwd", "motdepasse", "mdp", "secret", "token", "jeton", "apikey", "cleapi",
	"clesecrete", "cleprivee", "accesskey", "privatekey", "secretkey", "signingkey", "encryptionkey", "masterkey", "sharedkey", "authkey",
	"accountkey", "operatorkey", "authorization", "cookie", "credential", "credentials", "identifiants", "signature", "ticket", "codepin", "pincode",
	"sshkey", "deploykey", "tlskey", "hmackey", "servicekey", "licensekey", "storagekey", "appkey", "webhookkey", "botkey", "keybase", "clientkey", "serverkey",
	"writekey", "readkey", "adminkey", "rootkey", "userkey", "apisecretkey", "xapikey", "subscriptionkey", "functionskey", "hostkey", "cryptkey", "cipherkey", "wepkey", "wifikey",
	"recoverycode", "backupcode", "codeacces", "codedacces", "codesecret",
	"localkey", "networkkey", "legacykey", "linkkey", "noisekey", "alarmcode", "disarmcode", "unlockcode", "pairingcode", "setupcode", "mattercode", "doorcode", "verificationcode",
	"codealarme", "codewifi", "keydata", "clave",
}

// secretParts promise a secret wherever they stand in a name.
var secretParts = []string{"password", "passwd", "depasse", "secret", "apikey", "privatekey", "jeton", "cleapi", "clefapi", "webhookid", "kennwort", "contrasea", "contrasena"}

// secretNames promise a secret only as a whole name.
var secretNames = []string{"pass", "sid", "sessionid", "jsessionid", "phpsessid", "connectsid", "cookies", "csrf", "xsrf", "sig", "otp", "tokens", "secrets", "passwords"}

// secretLast promise a secret as the last word of a name.
var secretLast = []string{"pass", "pw", "psk", "pin", "otp", "creds", "mdp", "jwt", "llat", "bearer"}

// randomLast promise one if what follows looks like it.
var randomLast = []string{"key", "auth", "cle", "clef", "pat", "sas", "salt", "private", "refresh", "access", "secure"}

// harmlessEnds end names of what is about a secret, and none itself.
var harmlessEnds = []string{
	"file", "path", "dir", "id", "ids", "name", "type", "kind", "count", "length", "len", "size", "limit", "policy", "hint", "expires", "expiry",
	"expiresin", "expiresat", "ttl", "age", "url", "uri", "endpoint", "field", "header", "algorithm", "rotation", "required", "enabled", "set", "present",
}

// harmlessNames end like a secret's name and are none.
var harmlessNames = []string{
	"firsttoken", "betweentokens", "maxtoken", "pagetoken", "nextpagetoken", "nexttoken", "continuationtoken", "stoptoken", "eostoken", "bostoken",
	"publickey", "primarykey", "foreignkey", "cachekey", "sortkey", "partitionkey", "routingkey", "idempotencykey", "statuscode", "errorcode", "exitcode",
	"unicode", "zipcode", "countrycode", "languagecode", "barcode", "postcode", "objectkey", "hotkey", "shortkey", "pubkey", "tokenizer", "requestsig", "secwebsocketkey", "secretary", "secretaire", "secretariat", "keyboard", "issignature",
}

// programs are the ends of names of files, which a line's number follows.
var programs = []string{"go", "py", "js", "ts", "mjs", "rs", "java", "c", "h", "rb", "json", "yaml", "yml", "md", "txt", "html", "css", "toml", "sh", "kt"}

// phrases are names of several words.
var phrases = []string{
	"mot de passe", "mots de passe", "phrase de passe", "phrase secrète", "code d'accès", "code secret", "clé privée", "cle privee", "clef api",
	"clé api", "cle api", "clé d'api", "cle d'api", "clé secrète", "cle secrete", "api key", "secret key",
	"jeton d'accès", "jeton d'acces", "private key", "access key", "code pin", "auth key", "encryption key", "signing key", "master key", "license key", "account key", "bot key", "app key",
	"service key", "shared key", "host key", "session key", "passe wifi", "clé wifi", "clé de sécurité", "cle wifi", "code wifi", "alarm code", "pairing code", "setup code", "network key", "code de l'alarme", "clé de licence", "clé de chiffrement", "clef secrète",
}

// maxName is the longest name that is looked at.
const maxName = 64

// promise is what a name says of its value.
type promise int

const (
	nothing promise = iota
	perhaps         // a secret if it looks like one
	surely
)

// promises reports whether a name promises a secret, whatever it looks like.
func promises(name string) bool { return promiseOf(name) == surely }

func promiseOf(name string) promise {
	if i := strings.LastIndexByte(name, '.'); i >= 0 && slices.Contains(programs, name[i+1:]) {
		return nothing
	}
	n := plain(name)
	if n == "" || slices.Contains(harmlessNames, n) {
		return nothing
	}
	if slices.Contains(secretNames, n) {
		return surely
	}
	for _, e := range harmlessEnds {
		if strings.HasSuffix(n, e) && !strings.HasSuffix(n, "webhookid") {
			return nothing
		}
	}
	for _, p := range secretParts {
		if strings.Contains(n, p) && !strings.Contains(n, "secretar") {
			return surely
		}
	}
	for _, e := range secretEnds {
		if strings.HasSuffix(n, e) {
			return surely
		}
	}
	if strings.HasPrefix(n, "mdp") {
		return surely
	}
	switch last := plain(lastWord(name)); {
	case slices.Contains(secretLast, last):
		return surely
	case slices.Contains(randomLast, last):
		return perhaps
	default:
		return nothing
	}
}

// lastWord is what follows the last mark, or the last capital after a small
// letter, of a name.
func lastWord(name string) string {
	for i := len(name) - 1; i > 0; i-- {
		c, before := name[i], name[i-1]
		switch {
		case before == '_' || before == '-' || before == '.':
			return name[i:]
		case c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z':
			return name[i:]
		}
	}
	return name
}

// lastPairs are the two letters with which names that promise a secret end.
var lastPairs = sync.OnceValue(func() *[1 << 16]bool {
	pairs := &[1 << 16]bool{}
	for _, n := range slices.Concat(secretEnds, secretNames, secretLast, randomLast) {
		pairs[pair(n[len(n)-2], n[len(n)-1])] = true
	}
	return pairs
})

// phrasePairs are the two bytes with which phrases end.
var phrasePairs = sync.OnceValue(func() *[1 << 16]bool {
	pairs := &[1 << 16]bool{}
	for _, p := range phrases {
		pairs[pair(p[len(p)-2], p[len(p)-1])] = true
	}
	return pairs
})

// mayEnd reports whether a name's last two letters are those of a secret's; it
// is quick and right about most other names.
func mayEnd(name string) bool {
	var last [2]byte
	for i, n := len(name)-1, 1; i >= 0 && n >= 0; i-- {
		switch c := name[i]; {
		case c >= utf8.RuneSelf:
			return true
		case c >= 'A' && c <= 'Z':
			last[n], n = c+'a'-'A', n-1
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			last[n], n = c, n-1
		}
	}
	return lastPairs()[pair(last[0], last[1])]
}

// plain is a name in small letters, without marks and accents.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == 'é' || r == 'è' || r == 'É' || r == 'È':
			return 'e'
		default:
			return -1
		}
	}, name)
}
