package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// template is a part of a line in testdata that is drawn at random, so that no
// file holds what looks like a live secret.
var template = regexp.MustCompile(`\{(small|hex|upper|digits|mixed|base32|pair)(?::([0-9]+))?\}`)

// fill draws the parts of a line.
func fill(r *rand.Rand, line string) string {
	return template.ReplaceAllStringFunc(line, func(m string) string {
		found := template.FindStringSubmatch(m)
		if found[1] == "pair" {
			return base64.StdEncoding.EncodeToString([]byte("ana:" + drawn(r, 12)))
		}
		n, err := strconv.Atoi(found[2])
		if err != nil {
			panic(m)
		}
		const small, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
		from := map[string]string{"small": small + digits, "hex": digits + "abcdef", "upper": strings.ToUpper(small) + digits, "digits": digits, "base32": strings.ToUpper(small) + "234567", "mixed": small + strings.ToUpper(small) + digits}[found[1]]
		b := make([]byte, n)
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		return string(b)
	})
}

// lines reads a file of testdata, and draws what its templates say.
func lines(tb testing.TB, name string) []string {
	tb.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(13, 14))
	var out []string
	for l := range strings.SplitSeq(string(raw), "\n") {
		if l != "" && !strings.HasPrefix(l, "# ") {
			out = append(out, fill(r, l))
		}
	}
	return out
}

// S07
func TestASecretThatWasNeverRegisteredIsTakenOutAndTheRestStays(t *testing.T) {
	s := New()
	for _, l := range lines(t, "secrets.txt") {
		before, rest, _ := strings.Cut(l, "«")
		secret, after, ok := strings.Cut(rest, "»")
		if i := strings.LastIndex(rest, "»"); i >= 0 {
			secret, after = rest[:i], rest[i+len("»"):]
		}
		if !ok {
			t.Fatalf("no secret is marked in %q", l)
		}
		secret = strings.ReplaceAll(secret, "»", "")
		in := strings.NewReplacer("«", "", "»", "").Replace(l)
		got := s.Scrub(in)
		if strings.Contains(got, secret) {
			t.Errorf("leaked:    %s\n       from: %s", got, in)
			continue
		}
		for part := range strings.FieldsSeq(secret) {
			if len(part) >= 6 && !strings.EqualFold(part, "bearer") && strings.Contains(got, part) {
				t.Errorf("leaked %q: %s\n       from: %s", part, got, in)
			}
		}
		tidy := func(s string) string { return strings.Trim(s, ` "[]`) }
		if !strings.HasPrefix(tidy(got), tidy(before)) || !strings.HasSuffix(tidy(got), tidy(after)) {
			t.Errorf("more went than the secret: %s\n                     from: %s", got, in)
		}
	}
}

func TestWhatOnlyLooksLikeASecretStays(t *testing.T) {
	s := New()
	s.Register("correct horse battery staple")
	for _, l := range lines(t, "innocent.txt") {
		if got := s.Scrub(l); got != l {
			t.Errorf("became %s\n    from %s", got, l)
		}
	}
}

// randomSecret makes secrets with characters that are awkward in one encoding
// or another.
func randomSecret(r *rand.Rand) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const odd = ` "\/<>&+=%'?:é€` + "\n\t"
	all, runes := []rune(letters+odd), make([]rune, 10+r.IntN(40))
	for i := range runes {
		runes[i] = all[r.IntN(len(all))]
	}
	// Somewhere a run by which a leak can be told.
	return string(runes) + "Zz" + strconv.FormatUint(r.Uint64(), 36) + "zZ"
}

// S07
func TestAThousandRegisteredSecretsLeakInNoForm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	forms := map[string]func(string) string{
		"raw":             func(s string) string { return s },
		"JSON":            func(s string) string { return asJSON(t, s) },
		"JSON in JSON":    func(s string) string { return asJSON(t, asJSON(t, s)) },
		"quoted":          strconv.Quote,
		"query":           url.QueryEscape,
		"path":            url.PathEscape,
		"base64":          func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64 in text":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x " + s + " y")) },
		"base64 in texts": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("xy " + s + "!")) },
		"basic":           func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte("ana:"+s)) },
		"hex":             func(s string) string { return hex.EncodeToString([]byte(s)) },
		"HEX":             func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"error":           func(s string) string { return fmt.Errorf("dial %s: refused", s).Error() },
		"panic":           func(s string) string { return fmt.Sprintf("panic: %v\n\ngoroutine 1 [running]:\nmain.f(%q)", s, s) },
		"printed struct":  func(s string) string { return fmt.Sprintf("%+v", struct{ K, L string }{s, "l"}) },
	}
	for i := range 1000 {
		s := New() // of its own, so that no other secret helps
		secret := randomSecret(r)
		if !s.Register(secret) {
			t.Fatalf("%q was not registered", secret)
		}
		mark := secret[strings.LastIndex(secret, "Zz"):]
		for name, form := range forms {
			written := form(secret)
			got := s.Scrub("plugin said: " + written + " and went on")
			if strings.Contains(got, secret) || strings.Contains(got, mark) || strings.Contains(got, hex.EncodeToString([]byte(mark))) {
				t.Errorf("secret %d leaked as %s: %q", i, name, got)
			}
			if !strings.Contains(got, Redacted) {
				t.Errorf("secret %d as %s was not found: %q", i, name, got)
			}
		}
	}
}

func asJSON(t *testing.T, s string) string {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestManySecretsAreFoundInOneText(t *testing.T) {
	s := New()
	var text []string
	for i := range 200 {
		secret := fmt.Sprintf("planted-%03d-%x", i, i*7919)
		s.Register(secret)
		text = append(text, secret)
	}
	if got := s.Scrub(strings.Join(text, " ")); strings.Contains(got, "planted") {
		t.Errorf("got %q", got)
	}
}

func TestOfOverlappingSecretsTheLongestGoesAsAWhole(t *testing.T) {
	s := New()
	s.Register("abcdef")
	s.Register("abcdef-ghijkl")
	if got := s.Scrub("<abcdef-ghijkl> <abcdef>"); got != "<"+Redacted+"> <"+Redacted+">" {
		t.Errorf("got %q", got)
	}
}

func TestAShortSecretIsRefusedBecauseItWouldBeFoundEverywhere(t *testing.T) {
	s := New()
	if s.Register("abc") || !s.Register("") || !s.Register("abcdef") {
		t.Error("short must be refused, nothing and six characters taken")
	}
	if got := s.Scrub("abc"); got != "abc" {
		t.Errorf("got %q", got)
	}
}

func TestTheLinesOfALongSecretAreFoundAlone(t *testing.T) {
	s := New()
	s.Register("-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA1234\nq7Kp2mZx9LwAbCdEfGh0\n-----END KEY-----")
	if got := s.Scrub("got MIIEpAIBAAKCAQEA1234 here, -----BEGIN KEY----- there"); got != "got "+Redacted+" here, -----BEGIN KEY----- there" {
		t.Errorf("got %q", got)
	}
}

func TestAJSONRecordStaysOneObject(t *testing.T) {
	s := New()
	for _, in := range []string{
		`{"password":12345,"n":1}`, `{"token":["a1","b2"],"n":1}`, `{"secret":{"token":"x1y2"},"n":1}`, `{"secrets":[1,2],"n":1}`,
		`{"body":"{\"password\":12345,\"n\":1}"}`, `{"body":"{\"token\":[\"a1b2\"]}"}`, `{"h":"Authorization: Bearer abc123\r\nX: y"}`, `{"cookie":"a=\"b\"; c"}`,
		`{"pwd":"a\\"}`, `{"pwd":"a\\\"b","n":1}`, `{"token":-1.5e3}`, `{"m":"password=a\"b"}`, `{"m":"mdp: x\\y"}`,
	} {
		got := s.Scrub(in)
		if !json.Valid([]byte(got)) {
			t.Errorf("no JSON: %s\n   from: %s", got, in)
		}
	}
}

// seeds are lines with and without secrets.
func seeds(tb testing.TB) (all []string) {
	for _, name := range []string{"secrets.txt", "innocent.txt", "kinds.txt"} {
		for _, l := range lines(tb, name) {
			all = append(all, strings.NewReplacer("«", "", "»", "").Replace(l))
		}
	}
	return all
}

func FuzzScrubbingKeepsJSON(f *testing.F) {
	for _, l := range seeds(f) {
		f.Add(l)
	}
	s := New()
	s.Register("correct horse battery staple")
	f.Fuzz(func(t *testing.T, in string) {
		once := s.settled(in)
		if json.Valid([]byte(in)) && !json.Valid([]byte(once)) {
			t.Errorf("no JSON any more: %q from %q", once, in)
		}
		record, err := json.Marshal(map[string]string{"@message": in, "error": in})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Scrub(string(record)); !json.Valid([]byte(got)) {
			t.Errorf("no JSON any more: %q from %q", got, record)
		}
	})
}

func checkScrubbed(t *testing.T, s *Scrubber, in, secret string) {
	t.Helper()
	once := s.settled(in)
	if twice := s.settled(once); twice != once {
		t.Errorf("scrubbed twice, %q became %q\n  from %q", once, twice, in)
	}
	if utf8.ValidString(in) && !utf8.ValidString(once) {
		t.Errorf("no UTF-8 any more: %q from %q", once, in)
	}
	if strings.Contains(once, secret) {
		t.Errorf("a registered secret is left in %q", once)
	}
}

func FuzzScrubbingTwiceChangesNothing(f *testing.F) {
	for _, l := range seeds(f) {
		f.Add(l, uint8(3))
	}
	const secret = "correct horse battery staple"
	s := New()
	s.Register(secret)
	f.Fuzz(func(t *testing.T, in string, at uint8) {
		checkScrubbed(t, s, in, secret)
		i := min(int(at), len(in))
		checkScrubbed(t, s, in[:i]+secret+in[i:], secret)
	})
}

func BenchmarkScrub(b *testing.B) {
	s := New()
	for i := range 20 {
		s.Register(fmt.Sprintf("planted-%03d-%x", i, i*7919))
	}
	line := `{"@level":"info","@message":"turn done","@timestamp":"2026-11-24T10:00:00.000Z","session":"s_q7kp2mzx9lw","turn":"t_9lw","request_id":"req_abcdefghijklmnop","duration_ms":12,"source":"intent","state":"answered","plugin":"weather"}`
	long := strings.Repeat("une phrase tout à fait ordinaire: rien de secret ici, key=value; ", 64)
	for name, text := range map[string]string{"72B": `level=info msg="turn done" session=s_q7kp2mzx9lw took=12ms state=answered`, "240B": line, "4KB": long, "4KB of secrets": strings.Repeat(`{"token":"abc123","n":1} `, 160)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Scrub(text)
			}
		})
	}
}

func TestEachWordForASecretIsLookedFor(t *testing.T) {
	for w, r := range roles() {
		if r&secretWord == 0 {
			continue
		}
		for _, n := range []string{w, strings.ToUpper(w), "db_" + w, w + "2"} {
			if got := New().Scrub(n + `="q7Kp2mZx9Lw"`); strings.Contains(got, "q7Kp") {
				t.Errorf("%q is not looked for: %s", n, got)
			}
		}
	}
}

func TestKeywordsAreInSmallLetters(t *testing.T) {
	for k := range hints().known {
		if small(k) != k || len(k) < 2 {
			t.Errorf("keyword %q can't be found", k)
		}
	}
}

func TestTextsOnWhichARuleFailedOnceAreScrubbed(t *testing.T) {
	for _, in := range []string{"api key  %", ` "ApiKey00A0000`, " PASS.ORDAa00000000", " password", `"token`, " a0= a1="} {
		s := New()
		if got := s.settled(in); s.settled(got) != got { // a panic fails the test
			t.Errorf("scrubbed twice, %q changes", in)
		}
	}
}

func TestALineThatARuleFailsOnGoesAsAWhole(t *testing.T) {
	s := New()
	broken := &registry{} // it lacks its replacer
	broken.sieve.add("abcd")
	s.known.Store(broken)
	if got := s.Scrub("abcd"); got != Redacted {
		t.Errorf("got %q", got)
	}
}
