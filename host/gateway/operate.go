package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
)

func (s *Server) getPlugins(x *exchange) error {
	return x.json(http.StatusOK, list(s.o.Plugins.Plugins(x.r.Context()), "", func(p Plugin) Plugin { return p }))
}

func (s *Server) getPluginLogs(x *exchange) error {
	name, err := x.paramID("name")
	if err != nil {
		return err
	}
	after, limit, err := x.listed()
	if err != nil {
		return err
	}
	lines, next, err := s.o.Plugins.Logs(x.r.Context(), name, after, limit)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(lines, next, func(l json.RawMessage) json.RawMessage { return l }))
}

// changePlugin does one thing to the plugin that the path names. With an
// Idempotency-Key it is done once, as long as this host runs: one that is started
// anew has started its plugins anew too.
func (s *Server) changePlugin(change func(Plugins, context.Context, string) error) func(*exchange) error {
	return func(x *exchange) error {
		name, err := x.paramID("name")
		if err != nil {
			return err
		}
		if err := x.noBody(); err != nil {
			return err
		}
		key := x.r.Header.Get("Idempotency-Key")
		if key == "" {
			if err := change(s.o.Plugins, x.r.Context(), name); err != nil {
				return err
			}
			return x.empty()
		}
		first, err := s.repeatPlugin.use(x.who.User.ID, key, []byte(x.r.URL.Path), s.now())
		if err != nil {
			return err
		}
		defer first.Unlock()
		if !first.done {
			if err := change(s.o.Plugins, x.r.Context(), name); err != nil {
				return err
			}
			first.done = true
		}
		return x.empty()
	}
}

func (s *Server) getTools(x *exchange) error {
	tools, err := s.o.Tools.Tools(x.r.Context(), x.identity(), x.lang)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(tools, "", func(t Tool) Tool { return t }))
}

// runTool runs one tool; the body holds its arguments.
func (s *Server) runTool(x *exchange) error {
	plugin, err := x.paramID("plugin")
	if err != nil {
		return err
	}
	tool, err := x.paramID("tool")
	if err != nil {
		return err
	}
	arguments := []byte("{}")
	if x.r.ContentLength != 0 {
		if arguments, err = x.read(); err != nil {
			return err
		}
		// The tool's own schema says which members there may be.
		if p := decode(arguments, &struct{}{}, false); p != nil {
			return p
		}
	}
	if err := x.allowChat(); err != nil {
		return err
	}
	key := x.r.Header.Get("Idempotency-Key")
	if key != "" {
		body := slices.Concat([]byte(plugin+"/"+tool+" "), arguments)
		first, err := s.repeatRun.use(x.who.User.ID, key, body, s.now())
		if err != nil {
			return err
		}
		defer first.Unlock()
		key = clientID(key)
	}
	run, err := s.o.Tools.RunTool(x.r.Context(), x.identity(), plugin, tool, json.RawMessage(arguments), key)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, run)
}
