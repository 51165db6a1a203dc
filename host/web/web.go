// Package web is the chat page: plain HTML, CSS and JavaScript modules that are
// embedded in the program and served as they are. Nothing is built, and nothing
// is loaded from elsewhere; the Content-Security-Policy would not let it.
//
// The page lives in page/index.html, everything it loads in assets/. What end
// users read is in assets/texts, one file for each language.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"
	"strings"
	"time"
)

// Policy is the Content-Security-Policy of the page and of what it loads.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

//go:embed page assets
var files embed.FS

// Page returns the handler of GET /. It is safe for concurrent use.
func Page() http.Handler { return file("page/index.html") }

// Asset returns the handler of one file below /assets/; name is the rest of
// the path, with or without a slash before it. An unknown name answers 404.
// The handler is safe for concurrent use.
func Asset(name string) http.Handler {
	return file(path.Join("assets", path.Clean("/"+name)))
}

// file serves one embedded file. The files change only with the program, so
// the browser keeps them and asks each time whether they are still the same.
func file(name string) http.Handler {
	content, err := files.ReadFile(name)
	kind := contentType(name)
	if err != nil || kind == "" {
		return http.NotFoundHandler()
	}
	sum := sha256.Sum256(content)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		secure(h)
		h.Set("Content-Type", kind)
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", etag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// contentType is a table of our own because package mime also reads the
// machine's, where .js may be anything. Empty means that it is not served.
func contentType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".json":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	default:
		return ""
	}
}
