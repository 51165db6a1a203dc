package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// contexts are ways in which programs and people write a secret, §, or a
// longer one, §§, without a plain name before it.
var contexts = []string{
	`token: Some("§")`, `Settings(api_key=SecretStr('§'))`, `password=b"§"`, `["password"]=> string(12) "§"`, `token: str = '§'`, `s:8:"password";s:12:"§";`,
	`auth_token: !vault §`, `secret_key: &k §`, `password: |- §`, `[accessToken]: §`, `{"args":{"setupCode":{"value":"§"}}}`, `{"a":{"password":{"val":"§"}}}`,
	`rawHeaders: [ 'X-Auth-Token', '§', 'Accept', '*/*' ]`, `(b'x-api-key', b'§')`, `define('DB_PASSWORD', '§');`, `"AUTH" "default" "§"`, "AUTH §", "ACL SETUSER ana on >§ ~*",
	"requirepass §", "wg set wg0 private-key §", "SASL PLAIN ana §", "INSERT INTO users (name, password) VALUES ('ana', '§')", "SET PASSWORD FOR ana = PASSWORD('§')",
	"echo § | sudo -S ls", `echo "§" | docker login --password-stdin`, "openssl enc -k § -in x", "htpasswd -b f ana §", "vault login §", "smbclient -U ana%§ //nas/x",
	"WIFI:T:WPA;S:Maison;P:§;;", `Basic auth (ana, §)`, `HTTPBasicAuth('ana', '§')`, "Sec-WebSocket-Protocol: jarvis.v1, bearer.§§", `login("ana", "§") failed`,
	"identifiants : ana / §", "mon mdp c est §", "clé wifi : §", "bad secret §", "failed to decrypt with key §", "password - §", "setx STRIPE_KEY §§", "<entry key=\"token\">§</entry>",
	"&lt;password&gt;S&lt;/password&gt;", `GET https://x/cb?code=§§&state=1`, "Wi-Fi password for Maison: §", "POST /bot123456789:§§/sendMessage", "webhook_id: §§", "GET /api/§§/lights 200",
	`<ns1:apiKey>§</ns1:apiKey>`, `<Credential Value="§"/>`, `variable "db_password" { default = "§" }`, "Bad PIN: §", "ana typed § as password", `value="§" for key db_password`,
	"snmpwalk -v2c -c § 10.0.0.1", "snmp-server community § RO", "tacacs key §", "enable secret 5 §", `net use Z: \\nas\x /user:ana §`, "a1 LOGIN ana §", "PASS §", "::add-mask::§", "user;password;§", "contraseña: §", "Kennwort=§", `ana : EAP "§"`, `supervisor token "§"`,
	"password..........§ (shown)", `PDO->__construct('mysql:host=db;dbname=x', 'ana', '§', Array)`, `mosquitto_username_pw_set(m, "ana", "§")`, "snyk config set api=§", "PRAGMA key = '§ und § so'; --", "the key of the wifi of guests, c'est §",
	`smtp_pass_b64="§"`, "<b>password</b>: §", `<input value="§" autocomplete="off" type="password">`, `<input type="password" name="x" value="§">`, "<keyMaterial>§</keyMaterial>", "<key>AccountPassword</key>\n<string>§</string>",
	"psk: |\n    § lamp", "| Mot de passe Wi-Fi | § |", `AT+CPIN="§"`, "user~ana~passwd~§~", "334 UGFzc3dvcmQ6\nC: §", "SET value='§' WHERE key='mqtt_password'", `"§" is the new admin password`, "« § » est le mot de passe du NAS",
	"ana typed § as her Wi-Fi password", "§ # api key of the weather", "'§' ist das Passwort", "title,login,pwd,note\nBox,ana,§,x", "\"title\",\"pwd\"\n\"Box\",\"§,x\"",
	`ldap.Bind(cn=x,dc=y, "§"): Invalid Credentials`, `&http.Cookie{Name:"house_session", Value:"§§", Path:"/"}`, "units=metric apikey=§ lang=fr", "openai_api_key\n  String should match '^sk-' [input_value='§', input_type=str]",
	"could not parse 'mysql+pymysql//ana:§@db/x'", `set_password("a", "b", "§") -> fails`, "spawnargs: [ '-U', 'ana', '-P', '§', 'power' ] (ipmitool)", "chpasswd: list: 'pi:§'", "GET /snapshot.cgi?loginuse=ana&loginpas=§ 401", "IRK=§ resolved",
	"GET https://x/weather?q=Lyon&appid=§§: 401", "ha.lan\tFALSE\t/\tTRUE\t1764230400\tauth_session\t§",
	`args=["ana", "§"] query="UPDATE users SET password=$2"`, "{SSHA}§§", "pbkdf2_sha256$600000$§§", "scrypt:32768:8:1$§§", "v4.local.§§", "glsoat-§§",
}

// S07: secrets in commands, settings and sentences of many kinds.
func TestSecretsAreKnownByWhatStandsAroundThem(t *testing.T) {
	r, s := rand.New(rand.NewPCG(9, 10)), New()
	for _, c := range contexts {
		for range 5 {
			secret := drawn(r, 16)
			long := secret + drawn(r, 18)
			in := strings.NewReplacer("§§", long, "§", secret).Replace(c)
			if got := s.Scrub(in); strings.Contains(got, secret) {
				t.Errorf("leaked: %s", got)
			}
		}
	}
}

// S07: secrets that are no words of letters and digits.
func TestSecretsAreKnownAsNumbersAndAsTheyAreSaid(t *testing.T) {
	s := New()
	for in, want := range map[string]string{
		"S2_AccessControl_Key = 0x05 0x70 0x6B 0xF9 0x29 0x76 0x4E 0xD3":    "S2_AccessControl_Key = [redacted]",
		`Creds{User:"ana", Password:[]byte{0x43, 0x61, 0x63}}`:              `Creds{User:"ana", Password:[]byte{[redacted]}}`,
		"<b>password</b>: &#77;&#97;&#112;&#108;&#101;&#48;&#x30;":          "<b>password</b>: [redacted]",
		"HashKey:[81 121 52 238 197 200 247 181 84 9 123 5 2 86 203 165] x": "HashKey:[[redacted]] x",
		"hmac key <Buffer 9b 20 48 b0 f7 0d> loaded":                        "hmac key <Buffer [redacted]> loaded",
		`{"S0_Legacy":{"type":"Buffer","data":[12, 27, 5, 199]}}`:           `{"S0_Legacy":{"type":"Buffer","data":["[redacted]"]}}`,
		"{'key': '7f:61:ea:49:b7:85:59:ec:5e:d9:10:f5:8e:42:a2:f1'}":        "{'key': '[redacted]'}",
		`{"action":"disarm","action_code":"40620","battery":88}`:            `{"action":"disarm","action_code":"[redacted]","battery":88}`,
		"msmtp: user ana password ygdk ulze rwww ncdp":                      "msmtp: user ana password [redacted]",
		"code du portail : 2179A":                                           "code du portail : [redacted]",
		"the alarm code is three seven one two":                             "the alarm code is [redacted]",
		"tape 5716 comme code d'alarme":                                     "tape [redacted] comme code d'alarme",
		"El código de la alarma es 248973":                                  "El código de la alarma es [redacted]",
		"le mot de passe est : gr=C3=A9nier800":                             "le mot de passe est : [redacted]",
	} {
		if got := s.Scrub(in); got != want {
			t.Errorf("%s became %s", in, got)
		}
	}
}

// S07, fault-K11: a name and a secret inside base64, hex, and JSON in them.
func TestSecretsAreKnownInsideBase64AndHex(t *testing.T) {
	r, s := rand.New(rand.NewPCG(11, 12)), New()
	for range 50 {
		secret := drawn(r, 14)
		raw, err := json.Marshal(map[string]string{"user": "ana", "api_key": secret})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(raw), "password=" + secret, asJSON(t, string(raw))} {
			for _, packed := range []string{base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)), hex.EncodeToString([]byte(text))} {
				if got := s.Scrub("body " + packed + " end"); got != "body "+Redacted+" end" {
					t.Errorf("%s became %s", text, got)
				}
			}
		}
		plain := base64.StdEncoding.EncodeToString([]byte("the lamp of the kitchen is on, request " + secret[:2]))
		if got := s.Scrub(plain); got != plain {
			t.Errorf("innocent base64 became %s", got)
		}
	}
}

func TestNumbersOfCardsAreKnownByTheirSum(t *testing.T) {
	s := New()
	digits := "453201511283036" // drawn; the last one follows by Luhn's rule
	valid := 0
	for last := range 10 {
		n := digits + string(rune('0'+last))
		if s.Scrub("card "+n+" declined") == "card "+Redacted+" declined" {
			valid++
		}
		if got := s.Scrub("order " + n + " shipped"); got != "order "+n+" shipped" {
			t.Errorf("a number became %s", got)
		}
	}
	if valid != 1 {
		t.Errorf("%d of ten numbers are a card's, want one", valid)
	}
}
