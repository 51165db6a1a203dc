package gateway

import (
	"net/http"
	"strings"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// cookieName is the browser's credential.
const cookieName = "jarvis"

// access says who may use a route.
type access int

const (
	open     access = iota // anyone
	caller                 // members, and services that speak for nobody
	member                 // whoever chats: end users, those whom services name, guests, operators
	operator               // operators only
	scraper                // operators and scrapers, loopback peers where that is allowed
)

// authenticate finds who asks. There is exactly one place for a credential;
// a request that uses two is refused, for the two could differ.
func (x *exchange) authenticate() error {
	key, cookie, ok := presented(x.r)
	if !ok && key == "" {
		return auth.ErrUnauthenticated // nothing was tried
	}
	if !ok {
		return x.refused(auth.ErrUnauthenticated)
	}
	p, err := x.s.o.Auth.Authenticate(x.r.Context(), key)
	if err != nil {
		return x.refused(err)
	}
	if cookie != (p.Kind == auth.KindBrowser) {
		return x.refused(auth.ErrUnauthenticated) // a cookie's value is no key for programs, nor a key a cookie's
	}
	if p, err = x.s.speaker(x.r.Context(), p, namedBy(x.r.Header)); err != nil {
		return err
	}
	x.enter(p, cookie)
	return nil
}

func (x *exchange) enter(p auth.Principal, cookie bool) {
	x.who, x.cookie = p, cookie
	x.lang = languageOf(p.User.Lang, x.r.Header.Get("Accept-Language"), x.config.Lang)
}

// presented finds the one credential of a request; what is found without ok is
// not one.
func presented(r *http.Request) (key string, cookie, ok bool) {
	bearer, keys := r.Header.Values("Authorization"), r.Header.Values("X-Api-Key")
	switch {
	case len(bearer)+len(keys) > 1:
		return "several", false, false
	case len(keys) == 1:
		return keys[0], false, keys[0] != ""
	case len(bearer) == 1:
		scheme, key, found := strings.Cut(bearer[0], " ")
		key = strings.TrimSpace(key)
		return key, false, found && strings.EqualFold(scheme, "Bearer") && key != ""
	}
	found := r.CookiesNamed(cookieName)
	if len(found) == 0 {
		return "", false, false
	}
	if len(found) > 1 {
		return "several", true, false
	}
	return found[0].Value, true, found[0].Value != ""
}

// admit lets in whom a route is for.
func (x *exchange) admit(a access) error {
	if a == open || a == scraper && x.scrapesFreely() {
		return nil
	}
	if err := x.authenticate(); err != nil {
		return err
	}
	return a.check(x.who.User.Role)
}

// check says why a role may not use a route.
func (a access) check(r turn.Role) error {
	switch {
	case a.allows(r):
		return nil
	case a == member && r == turn.RoleService:
		return &protocol.Problem{Code: protocol.Forbidden, Field: headerUser, Text: protocol.WordSpeaksFor, Args: []any{headerUser}}
	default:
		return &protocol.Problem{Code: protocol.Forbidden, Text: protocol.WordRole, Args: []any{string(r)}}
	}
}

func (a access) allows(r turn.Role) bool {
	switch r {
	case turn.RoleOperator:
		return true
	case turn.RoleScraper:
		return a == scraper
	case turn.RoleUser, turn.RoleGuest:
		return a == member || a == caller
	case turn.RoleService:
		return a == caller
	default:
		return false
	}
}

// scrapesFreely lets a scraper on this machine do without a credential. One
// that a proxy forwards only looks as if it were here.
func (x *exchange) scrapesFreely() bool {
	return x.config.MetricsLoopback && remote(x.r).IsLoopback() && !forwarded(x.r)
}

// setCookie gives the browser its credential, or takes it back.
func (x *exchange) setCookie(value string) {
	age := int(auth.BrowserLife.Seconds())
	if value == "" {
		age = -1
	}
	http.SetCookie(x, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: x.secure, SameSite: http.SameSiteStrictMode,
	})
}
