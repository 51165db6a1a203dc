package gateway

import (
	"net/http"
	"slices"

	"github.com/julienschmidt/httprouter"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// Route is one way into the host.
type Route struct {
	Method string
	Path   string // as httprouter's templates
	access access
	handle func(*exchange) error
}

// Routes lists what the server answers, for documentation and tests.
func (s *Server) Routes() []Route {
	all := slices.Concat(s.chatRoutes(), s.identityRoutes(), s.probeRoutes(), s.memoryRoutes(), s.originalRoutes(), s.doorRoutes())
	if s.o.Plugins != nil {
		all = append(all,
			Route{http.MethodGet, "/v1/plugins", operator, s.getPlugins},
			Route{http.MethodGet, "/v1/plugins/:name/logs", operator, s.getPluginLogs},
			Route{http.MethodPost, "/v1/plugins/:name/enable", operator, s.changePlugin(Plugins.Enable)},
			Route{http.MethodPost, "/v1/plugins/:name/disable", operator, s.changePlugin(Plugins.Disable)},
			Route{http.MethodPost, "/v1/plugins/:name/restart", operator, s.changePlugin(Plugins.Restart)},
		)
	}
	if s.o.Tools != nil {
		all = append(all,
			Route{http.MethodGet, "/v1/tools", member, s.getTools},
			Route{http.MethodPost, "/v1/tools/:plugin/:tool", member, s.runTool},
		)
	}
	if s.o.Receipts != nil {
		all = append(all,
			Route{http.MethodGet, "/v1/receipts", member, s.getReceipts},
			Route{http.MethodPost, "/v1/receipts/:id/undo", member, s.undoReceipt},
		)
	}
	if s.o.Page != nil {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for _, path := range []string{"/", "/operator", "/assets/*file"} {
				all = append(all, Route{method, path, open, s.page})
			}
		}
	}
	return all
}

func (s *Server) chatRoutes() []Route {
	return []Route{
		{http.MethodGet, "/ws", open, s.socketRoute}, // it checks the credential itself: a ticket counts too
		{http.MethodGet, "/ws/secure", open, s.socketRoute},
		{http.MethodPost, "/v1/chat", member, s.postChat},
		{http.MethodGet, "/v1/sessions", member, s.getSessions},
		{http.MethodGet, "/v1/sessions/:id", member, s.getSession},
		{http.MethodPatch, "/v1/sessions/:id", member, s.renameSession},
		{http.MethodDelete, "/v1/sessions/:id", member, s.deleteSession},
		{http.MethodGet, "/v1/sessions/:id/messages", member, s.getMessages},
		{http.MethodPost, "/v1/sessions/:id/stop", member, s.stopSession},
		{http.MethodGet, "/v1/search", member, s.search},
		{http.MethodGet, "/v1/export/sessions", member, s.exportSessions},
	}
}

func (s *Server) identityRoutes() []Route {
	return []Route{
		{http.MethodGet, "/v1/me", caller, s.getMe},
		{http.MethodPatch, "/v1/me", member, s.changeMe},
		{http.MethodPost, "/v1/login", open, s.login},
		{http.MethodPost, "/v1/logout", caller, s.logout},
		{http.MethodPost, "/v1/ticket", member, s.ticket},
		{http.MethodGet, "/v1/keys", caller, s.getKeys},
		{http.MethodPost, "/v1/keys", caller, s.createKey},
		{http.MethodDelete, "/v1/keys", caller, s.revokeKey}, // ?id=
		{http.MethodDelete, "/v1/keys/:id", caller, s.revokeKey},
		{http.MethodGet, "/signin", open, s.signIn},
	}
}

func (s *Server) probeRoutes() []Route {
	all := []Route{
		{http.MethodGet, "/health", open, s.health},
		{http.MethodHead, "/health", open, s.health},
		{http.MethodGet, "/ready", open, s.ready},
		{http.MethodHead, "/ready", open, s.ready},
	}
	if s.o.Metrics != nil {
		all = append(all, Route{http.MethodGet, "/metrics", scraper, s.metrics})
	}
	return all
}

func (s *Server) routes() *httprouter.Router {
	r := httprouter.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	for _, route := range s.Routes() {
		r.Handle(route.Method, route.Path, route.serve)
	}
	r.NotFound = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		x := w.(*exchange)
		x.fail(&protocol.Problem{Code: protocol.NotFound, Text: protocol.WordRoute, Args: []any{protocol.Excerpt(x.r.URL.Path)}})
	})
	r.MethodNotAllowed = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		x := w.(*exchange)
		x.fail(&protocol.Problem{
			Code: protocol.Unsupported, Text: protocol.WordMethod,
			Args: []any{protocol.Excerpt(x.r.Method), protocol.Excerpt(x.r.URL.Path)},
		})
	})
	r.GlobalOPTIONS = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent) // with the Allow that the router set
	})
	return r
}

// serve is what every request to a route passes before its handler.
func (rt Route) serve(w http.ResponseWriter, _ *http.Request, params httprouter.Params) {
	x := w.(*exchange)
	x.route, x.params = rt.Path, params
	if err := rt.run(x); err != nil {
		x.fail(err)
	}
}

func (rt Route) run(x *exchange) error {
	if err := x.admit(rt.access); err != nil {
		return err
	}
	if err := x.checkForgery(); err != nil {
		return err
	}
	if err := x.checkContentType(); err != nil {
		return err
	}
	return rt.handle(x)
}
