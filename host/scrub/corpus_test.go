package scrub

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// drawn makes a secret of n characters that holds letters and digits.
func drawn(r *rand.Rand, n int) string {
	const all = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = all[r.IntN(len(all))]
	}
	b[1], b[3] = 'x', '7'
	return string(b)
}

// secretNamesInUse are names as programs, people and households use them.
var secretNamesInUse = []string{
	"password", "passwd", "DB_PASSWORD", "PGPASSWORD", "mqtt_password", "userPassword", "smtp_pass", "db_pass", "passphrase", "wifi_psk", "wpa_passphrase",
	"secret", "client_secret", "clientSecret", "SECRET_KEY_BASE", "jwt_secret", "webhook_secret", "totp_secret", "token", "access_token", "refreshToken",
	"id_token", "bot_token", "SUPERVISOR_TOKEN", "x-auth-token", "api_key", "apiKey", "X-API-Key", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "private_key",
	"encryption_key", "AccountKey", "PrivateKey", "ssh_key", "deploy_key", "mot_de_passe", "motDePasse", "mdp", "code_acces", "clé_api", "cle_secrete",
	"jeton", "jeton_acces", "identifiants", "credentials", "creds", "recovery_code", "ldap_bind_pw", "phrase_de_passe",
}

// settings are ways of writing a name, N, and its value, S.
var settings = []string{
	"N=S", "N: S", "N = S", `"N":"S"`, `"N": "S"`, "'N': 'S'", `{"user":"ana","N":"S","n":1}`, `{\"N\":\"S\"}`, `{\\\"N\\\":\\\"S\\\"}`, `N="S"`, "N='S'",
	"export N=S", "?N=S&x=1", "GET /x?a=b&N=S HTTP/1.1", "map[N:S user:ana]", "map[N:[S]]", "{N:S User:ana}", "&{User:ana N:S}", `main.Config{User:"ana", N:"S"}`,
	"-e N=S", "-DN=S", "--N S", "--N=S", "<N>S</N>", `N => "S"`, `N := "S"`, `:N=>"S"`, "N\tS", "N|S", "config.N=S", `config["N"]="S"`, `os.environ["N"] = "S"`,
	`{"name":"N","value":"S"}`, `{"key":"N","value":"S"}`, `name="N" value="S"`, "- name: N value: S", "N%3DS", "%22N%22%3A%22S%22", "user=ana;N=S;host=x",
	`map[string]string{"N":"S"}`, `http.Header{"N":[]string{"S"}}`, "curl -F 'N=S' http://x", `level=error msg="bad" N=S user=ana`, `"N":["S"]`,
	`form-data; name="N"\r\n\r\nS\r\n`, "set N to S",
}

// S07: what nobody registered, behind names as they are used, however written.
func TestEachNameOfASecretIsKnownInEachForm(t *testing.T) {
	r, s := rand.New(rand.NewPCG(3, 4)), New()
	all, leaked := 0, []string{}
	for _, n := range secretNamesInUse {
		for _, form := range settings {
			secret := drawn(r, 12+r.IntN(30))
			in := strings.NewReplacer("N", n, "S", secret).Replace(form)
			all++
			if got := s.Scrub(in); strings.Contains(got, secret) {
				leaked = append(leaked, in)
			}
		}
	}
	if most := all / 100; len(leaked) > most { // 99 of 100
		t.Errorf("%d of %d leaked, such as\n%s", len(leaked), all, strings.Join(leaked[:min(30, len(leaked))], "\n"))
	}
}

// S07: a registered secret is found however it is written.
func TestARegisteredSecretIsFoundInEachForm(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		secret := randomSecret(r)
		s := New()
		s.Register(secret)
		ascii := strconv.QuoteToASCII(secret)
		for name, written := range map[string]string{
			"three times JSON": asJSON(t, asJSON(t, asJSON(t, secret))), "ASCII": ascii, "ASCII in JSON": asJSON(t, ascii), "quoted twice": strconv.Quote(strconv.Quote(secret)),
			"Go bytes": fmt.Sprintf("%d", []byte(secret)), "hex with spaces": fmt.Sprintf("% x", secret), "Go literal": fmt.Sprintf("%#v", secret),
			"escaped twice": url.QueryEscape(url.QueryEscape(secret)), "a form": url.Values{"q": {secret}}.Encode(),
			"userinfo": (&url.URL{Scheme: "https", User: url.UserPassword("ana", secret), Host: "x"}).String(),
			"a record": record(t, secret), "basic": "Basic " + base64.StdEncoding.EncodeToString([]byte("ana:"+secret)),
		} {
			got := s.Scrub("got " + written + " there")
			mark := secret[strings.LastIndex(secret, "Zz"):]
			if !strings.Contains(got, Redacted) || strings.Contains(got, mark) {
				t.Errorf("as %s, %q became %q", name, written, got)
			}
		}
	}
}

func record(t *testing.T, secret string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"@message": "said " + secret, "error": fmt.Sprintf("dial %q: refused", secret)})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A thousand secrets are registered in the time of one.
func TestManySecretsAreRegisteredAtOnce(t *testing.T) {
	s, r := New(), rand.New(rand.NewPCG(7, 8))
	var secrets []string
	for range 1000 {
		secrets = append(secrets, drawn(r, 24))
		s.Register(secrets[len(secrets)-1])
	}
	for _, secret := range secrets {
		if got := s.Scrub("a " + secret + " b"); got != "a "+Redacted+" b" {
			t.Fatalf("got %q", got)
		}
	}
	if s.Scrub("nothing here") != "nothing here" {
		t.Error("innocent text changed")
	}
}

// S07: credentials are known by their looks, and in commands, headers, addresses
// and sentences.
func TestCredentialsOfEachKindAreKnown(t *testing.T) {
	s := New()
	for _, l := range lines(t, "kinds.txt") {
		_, rest, _ := strings.Cut(l, "«")
		secret, _, ok := strings.Cut(rest, "»")
		in := strings.NewReplacer("«", "", "»", "").Replace(l)
		if got := s.Scrub(in); !ok || strings.Contains(got, secret) {
			t.Errorf("leaked: %s", got)
		}
	}
}

func TestAKeyOverManyLinesGoesAsAWhole(t *testing.T) {
	l := NewLines(New())
	for _, c := range [][2]string{
		{"key: -----BEGIN PRIVATE KEY-----", "key: " + Redacted},
		{"MIIEvQIBADANBgkqhkiG9w0BAQ", Redacted},
		{"  q7Kp2mZx9Lw==", Redacted},
		{"-----END PRIVATE KEY----- done", Redacted + " done"},
		{"MIIEvQIBADANBgkqhkiG9w0BAQ", "MIIEvQIBADANBgkqhkiG9w0BAQ"},
		{"-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"},
		{"MIID/9lCPrvIZyq2PHIdbssEzLY5ECgS5RA3z8pvXbxOAJOt0kXnJi2B", "MIID/9lCPrvIZyq2PHIdbssEzLY5ECgS5RA3z8pvXbxOAJOt0kXnJi2B"},
		{"-----END CERTIFICATE-----", "-----END CERTIFICATE-----"},
		{"password=q7Kp2mZx9Lw", "password=" + Redacted},
	} {
		if got := l.Scrub(c[0]); got != c[1] {
			t.Errorf("%q became %q, want %q", c[0], got, c[1])
		}
	}
}
