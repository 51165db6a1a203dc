package web

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func get(t *testing.T, h http.Handler, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// assets returns every embedded file by its path.
func assets(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		all[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryFileIsServedWithItsTypeAndTheHeaders(t *testing.T) {
	kinds := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".json": "application/json", ".svg": "image/svg+xml",
	}
	for name := range assets(t) {
		h := Page()
		if asset, ok := strings.CutPrefix(name, "assets/"); ok {
			h = Asset("/" + asset)
		}
		res := get(t, h)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
		want := map[string]string{
			"Content-Type":            kinds[path.Ext(name)],
			"Content-Security-Policy": Policy,
			"X-Content-Type-Options":  "nosniff",
			"Cache-Control":           "no-cache",
			"Referrer-Policy":         "same-origin",
		}
		for key, value := range want {
			if got := res.Header.Get(key); got != value || value == "" {
				t.Errorf("%s: %s is %q, want %q", name, key, got, value)
			}
		}
	}
}

func TestThePolicyAllowsOnlyWhatComesFromTheHost(t *testing.T) {
	const want = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	if Policy != want {
		t.Errorf("policy is %q, want %q", Policy, want)
	}
}

func TestAFileThatDidNotChangeIsNotSentAgain(t *testing.T) {
	for name, h := range map[string]http.Handler{"page": Page(), "asset": Asset("main.js")} {
		etag := get(t, h).Header.Get("ETag")
		if etag == "" {
			t.Fatalf("%s: no ETag", name)
		}
		if res := get(t, h, "If-None-Match", etag); res.StatusCode != http.StatusNotModified {
			t.Errorf("%s: status %d for the same ETag, want 304", name, res.StatusCode)
		}
		if res := get(t, h, "If-None-Match", `"other"`); res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d for another ETag, want 200", name, res.StatusCode)
		}
	}
	if get(t, Asset("main.js")).Header.Get("ETag") == get(t, Asset("chat.js")).Header.Get("ETag") {
		t.Error("two files have the same ETag")
	}
}

func TestNothingButTheAssetsIsServed(t *testing.T) {
	for _, name := range []string{"", "/", "..", "../page/index.html", "/../../web.go", "texts", "texts/", "no.js", "../assets", "texts/../../page/index.html"} {
		if res := get(t, Asset(name)); res.StatusCode != http.StatusNotFound {
			t.Errorf("%q: status %d, want 404", name, res.StatusCode)
		}
	}
}

// O18: the page loads nothing from elsewhere.
func TestNoFileNamesAnAddressOutsideTheHost(t *testing.T) {
	const namespace = "http://www.w3.org/2000/svg" // a name that nothing fetches
	outside := regexp.MustCompile(`(?i)(https?|wss?|ftp)://[a-z0-9]|(src|href|url|from|import)\s*[=(]?\s*["'(]?//`)
	for name, content := range assets(t) {
		if found := outside.FindString(strings.ReplaceAll(content, namespace, "")); found != "" {
			t.Errorf("%s names %q", name, found)
		}
	}
}

func TestThePageHasNoInlineScriptOrStyle(t *testing.T) {
	all := assets(t)
	inline := regexp.MustCompile(`(?i)<script(?:\s+type="module")?>|<style|\sstyle=|\son[a-z]+=|javascript:`)
	if found := inline.FindString(all["page/index.html"]); found != "" {
		t.Errorf("index.html has %q, which the policy forbids", found)
	}
	markup := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`)
	for name, content := range all {
		if found := markup.FindString(content); found != "" {
			t.Errorf("%s uses %s: text must go in as text", name, found)
		}
	}
}

func TestEveryFileThatIsNamedExistsAndEveryFileIsNamed(t *testing.T) {
	all := assets(t)
	named := map[string]bool{"page/index.html": true, "assets/texts/en.json": true, "assets/texts/fr.json": true}
	references := regexp.MustCompile(`"/(assets/[\w./-]+)"|from "\./([\w-]+\.js)"`)
	for name, content := range all {
		for _, m := range references.FindAllStringSubmatch(content, -1) {
			target := m[1]
			if m[2] != "" {
				target = path.Join(path.Dir(name), m[2])
			}
			named[target] = true
			if _, ok := all[target]; !ok {
				t.Errorf("%s names %s, which is not there", name, target)
			}
		}
	}
	for name := range all {
		if !named[name] {
			t.Errorf("nothing names %s", name)
		}
	}
}

func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	content, err := files.ReadFile("assets/texts/" + lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var table map[string]string
	if err := json.Unmarshal(content, &table); err != nil {
		t.Fatalf("%s: %v", lang, err)
	}
	return table
}

// O18: French and English say the same things.
func TestFrenchAndEnglishHaveTheSameKeysAndPlaceholders(t *testing.T) {
	french, english := texts(t, "fr"), texts(t, "en")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(french))); diff != "" {
		t.Errorf("keys differ (-en +fr):\n%s", diff)
	}
	placeholder := regexp.MustCompile(`\{\w+\}`)
	for key, sentence := range english {
		want := slices.Sorted(slices.Values(placeholder.FindAllString(sentence, -1)))
		got := slices.Sorted(slices.Values(placeholder.FindAllString(french[key], -1)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: placeholders differ (-en +fr):\n%s", key, diff)
		}
		if sentence == "" || french[key] == "" {
			t.Errorf("%s: empty", key)
		}
	}
}

func TestThePageAsksForEverySentenceThatExistsAndForNoOther(t *testing.T) {
	english := texts(t, "en")
	groups := map[string]bool{} // what stands before the first dot
	for key := range english {
		if group, _, dotted := strings.Cut(key, "."); dotted {
			groups[group] = true
		}
	}
	named := regexp.MustCompile(`data-(?:text|label|placeholder)="([^"]+)"|texts\.(?:say|find)\("([^"]+)"|"([a-z]+)(\.[a-z.]+)"`)
	composed := regexp.MustCompile("`([a-z]+\\.)\\$\\{")
	asked := map[string]bool{}
	for name, content := range assets(t) {
		if path.Ext(name) == ".json" {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(content, -1) {
			key := m[1] + m[2] + m[3] + m[4]
			if m[3] != "" && !groups[m[3]] {
				continue // no sentence, but the name of something else
			}
			asked[key] = true
			if english[key] == "" {
				t.Errorf("%s asks for %q, which no text has", name, key)
			}
		}
		for _, m := range composed.FindAllStringSubmatch(content, -1) {
			asked[m[1]] = true
		}
	}
	for key := range english {
		group, _, _ := strings.Cut(key, ".")
		if !asked[key] && !asked[group+"."] {
			t.Errorf("nothing asks for %q", key)
		}
	}
}
