package wiretest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// manifest is what the plugin says of itself, whatever its contract.
const manifest = `manifest {
  id: "elder" version: "1.0.0" description: "A plugin of another time" sdk: "go/0.0.1" languages: "en" languages: "fr"
  features: "telepathy"
  config_schema: '{"type":"object","properties":{"title":{"type":"string","description":"How to address people"}},"additionalProperties":false}'
  vocabulary { lang: "en" rules { key: "please" value: "[I pray you]" } lists { key: "beast" value { values { values { in: "(cat|feline)" out: '"cat"' } } } } }
  tools {
    name: "greet" description: "Greets" effect: EFFECT_READ_ONLY timeout { seconds: 5 } idempotent: true max_parallel: 2
    input_schema: '{"type":"object","properties":{"beast":{"type":"string"},"loud":{"type":"boolean"}}}'
    output_schema: '{"type":"object","properties":{"greeted":{"type":"string"}}}'
    sentences { lang: "en" patterns: "greet the {beast} <please>" slots: '{"loud":true}' examples { text: "greet the feline" args: '{"beast":"cat","loud":true}' } }
    sentences { lang: "fr" patterns: "salue le chat" slots: '{"beast":"chat"}' }
  }
  tools {
    name: "count" description: "Counts" effect: EFFECT_ADDITIVE stateful: true input_schema: '{"type":"object"}'
    sentences { lang: "en" patterns: "count sheep" }
  }
  tools {
    name: "open" description: "Opens a tomb" effect: EFFECT_DESTRUCTIVE open_world: true input_schema: '{"type":"object"}'
    confirm { when: CONFIRM_WHEN_ALWAYS text { key: "en" value: "Open the tomb?" } text { key: "fr" value: "Ouvrir la tombe ?" } }
    sentences { lang: "en" patterns: "open the tomb" }
  }
  tools {
    name: "riddle" description: "Asks a riddle" effect: EFFECT_ADDITIVE stateful: true
    input_schema: '{"type":"object","properties":{"said":{"type":"string"}}}'
    sentences { lang: "en" patterns: "ask me a riddle" }
  }
  tools {
    name: "choose" description: "Lets people choose" effect: EFFECT_READ_ONLY input_schema: '{"type":"object"}'
    sentences { lang: "en" patterns: "let me choose" }
  }
  tools {
    name: "fail" description: "Fails" effect: EFFECT_READ_ONLY input_schema: '{"type":"object"}'
    sentences { lang: "en" patterns: "fail for me" }
  }
`

// since is what Second added to it.
const since = `
  needs { kind: "kv" reason: "to keep" } needs { kind: "schedule" reason: "to wake" } needs { kind: "notify" reason: "to tell" }
  tools {
    name: "carve" description: "Carves into stone" effect: EFFECT_ADDITIVE verifiable: true undoable: true input_schema: '{"type":"object"}'
    sentences { lang: "en" patterns: "carve it into stone" }
  }
  tools {
    name: "keep" description: "Keeps a value" effect: EFFECT_READ_ONLY input_schema: '{"type":"object"}'
    sentences { lang: "en" patterns: "keep a value" }
  }
  tools {
    name: "wake" description: "Wants to be woken" effect: EFFECT_READ_ONLY input_schema: '{"type":"object"}'
    sentences { lang: "en" patterns: "wake yourself" }
  }
`

// Main is the whole main of a plugin that was built against c.
func Main(c Contract) {
	version, known := 1, c
	if c == Major { // its messages don't matter: the handshake is refused
		version, known = 2, Second
	}
	files, err := known.Files()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // it is a program's main
	}
	e := &elder{contract: known, files: files}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: "JARVIS_PLUGIN", MagicCookieValue: "jarvis-plugin-v1"},
		VersionedPlugins: map[int]plugin.PluginSet{version: {"plugin": &adapter{elder: e}}},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}

// adapter is how go-plugin wants a plugin.
type adapter struct {
	plugin.NetRPCUnsupportedPlugin
	elder *elder
}

// GRPCServer implements [plugin.GRPCPlugin].
func (a *adapter) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(a.elder.service(), a.elder)
	return nil
}

// GRPCClient implements [plugin.GRPCPlugin]; it has none.
func (*adapter) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, status.Error(codes.Unimplemented, "a plugin only")
}

// elder is a plugin that knows nothing but its contract's descriptors.
type elder struct {
	contract Contract
	files    *protoregistry.Files

	mu     sync.Mutex
	title  string
	host   *dynamicpb.Message // HostAccess, or nil
	carved bool
}

// message makes one by its name and text.
func (e *elder) message(name, text string, args ...any) proto.Message {
	d, err := e.files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		panic(err)
	}
	m, _ := d.(protoreflect.MessageDescriptor)
	out := dynamicpb.NewMessage(m)
	if err := prototext.Unmarshal(fmt.Appendf(nil, text, args...), out); err != nil {
		panic(fmt.Sprintf("%s of contract %s: %v", name, e.contract, err))
	}
	if f := m.Fields().ByName(novelty); f != nil {
		out.Set(f, protoreflect.ValueOfString("what nobody knows yet"))
	}
	return out
}

// at reads a field by its path.
func at(m proto.Message, path ...protoreflect.Name) protoreflect.Value {
	r := m.ProtoReflect()
	for _, name := range path[:len(path)-1] {
		r = r.Get(r.Descriptor().Fields().ByName(name)).Message()
	}
	return r.Get(r.Descriptor().Fields().ByName(path[len(path)-1]))
}

// service is the plugin's gRPC service, as its contract has it.
func (e *elder) service() *grpc.ServiceDesc {
	d, err := e.files.FindDescriptorByName("jarvis.plugin.v1.Plugin")
	if err != nil {
		panic(err)
	}
	s, _ := d.(protoreflect.ServiceDescriptor)
	desc := &grpc.ServiceDesc{ServiceName: string(s.FullName()), HandlerType: (*any)(nil)}
	for m := range all(s.Methods()) {
		if m.IsStreamingServer() || m.IsStreamingClient() {
			desc.Streams = append(desc.Streams, grpc.StreamDesc{
				StreamName: string(m.Name()), ServerStreams: m.IsStreamingServer(), ClientStreams: m.IsStreamingClient(),
				Handler: func(_ any, s grpc.ServerStream) error { return e.stream(m, s) },
			})
			continue
		}
		desc.Methods = append(desc.Methods, grpc.MethodDesc{
			MethodName: string(m.Name()),
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				in := dynamicpb.NewMessage(m.Input())
				if err := decode(in); err != nil {
					return nil, err
				}
				return e.unary(ctx, string(m.Name()), in)
			},
		})
	}
	return desc
}

func (e *elder) unary(ctx context.Context, method string, in *dynamicpb.Message) (proto.Message, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	const pkg = "jarvis.plugin.v1."
	switch method {
	case "Describe":
		text := manifest
		if e.contract != First {
			text += since
		}
		return e.message(pkg+"DescribeResponse", "%s", text+"}"), nil
	case "Configure":
		return e.configure(in), nil
	case "Health":
		return e.message(pkg+"HealthResponse", "ok: true message: 'still here'"), nil
	case "Drain":
		return e.message(pkg+"DrainResponse", ""), nil
	case "OnEvent":
		return e.message(pkg+"OnEventResponse", ""), e.notify(ctx, in)
	case "Verify":
		return e.message(pkg+"VerifyResponse", "finding: %s seen: 'in stone'", map[bool]string{true: "FINDING_VERIFIED", false: "FINDING_FAILED"}[e.carved]), nil
	case "Undo":
		e.carved = false
		return e.message(pkg+"UndoResponse", "text: 'polished'"), nil
	case "Metrics":
		return e.message(pkg+"MetricsResponse", `metrics { name: "stones_total" help: "Stones." counter: true samples { labels { key: "sort" value: "flint" } value: 3 } }`), nil
	}
	return nil, status.Error(codes.Unimplemented, method)
}

func (e *elder) configure(in *dynamicpb.Message) proto.Message {
	var values struct{ Title string }
	if err := json.Unmarshal(at(in, "values").Bytes(), &values); err != nil || values.Title == "king" {
		return e.message("jarvis.plugin.v1.ConfigureResponse", `diagnostics { fatal: true path: "/title" summary: "nobody is king" detail: %q }`, fmt.Sprint(err))
	}
	if !at(in, "validate_only").Bool() {
		e.title = values.Title
		if f := in.Descriptor().Fields().ByName("host"); f != nil && in.Has(f) {
			e.host, _ = in.Get(f).Message().Interface().(*dynamicpb.Message)
		}
	}
	return e.message("jarvis.plugin.v1.ConfigureResponse", `diagnostics { path: "/title" summary: "taken over" }`)
}

func (e *elder) stream(m protoreflect.MethodDescriptor, s grpc.ServerStream) error {
	if m.Name() == "Attach" {
		if err := s.SendHeader(nil); err != nil {
			return err
		}
		<-s.Context().Done()
		os.Exit(0) //nolint:forbidigo // that is what a plugin does when its host is gone
	}
	in := dynamicpb.NewMessage(m.Input())
	if err := s.RecvMsg(in); err != nil {
		return err
	}
	events, err := e.invoke(s.Context(), in)
	if err != nil {
		return err
	}
	for _, text := range events {
		if err := s.SendMsg(e.message("jarvis.plugin.v1.InvokeResponse", "%s", text)); err != nil {
			return err
		}
	}
	return nil
}

// invoke answers a call with its events, as text.
func (e *elder) invoke(ctx context.Context, in *dynamicpb.Message) ([]string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var args struct {
		Beast, Said string
		Loud        bool
	}
	if err := json.Unmarshal(at(in, "args").Bytes(), &args); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	switch tool := at(in, "tool").String(); tool {
	case "greet":
		words := fmt.Sprintf("%s %s, %v, in %s", e.title, args.Beast, args.Loud, at(in, "info", "locale"))
		return []string{
			`text { text: "Hail, " }`, `progress { fraction: 0.5 message: "bowing" }`,
			fmt.Sprintf(`result { text: %q speech: "hail" data: '{"greeted":%q}' }`, words, args.Beast),
		}, nil
	case "count":
		var n int
		if raw := at(in, "state").Bytes(); len(raw) > 0 {
			if err := json.Unmarshal(raw, &n); err != nil {
				return nil, err
			}
		}
		return []string{fmt.Sprintf(`result { text: "sheep %d" state: "%d" }`, n+1, n+1)}, nil
	case "open":
		return []string{fmt.Sprintf(`result { text: "it is open, agreed: %v" }`, at(in, "info", "confirmed").Bool())}, nil
	case "riddle":
		switch args.Said {
		case "":
			return []string{`result { text: "What has roots that nobody sees?" state: '"asked"' listen { tool: "riddle" slot: "said" ttl { seconds: 60 } } }`}, nil
		case "a mountain":
			return []string{`result { text: "So it is." state: "null" }`}, nil
		}
		return []string{`not_mine { fallback: "That is not it." }`}, nil
	case "choose":
		if answers := at(in, "answers").List(); answers.Len() > 0 {
			return []string{fmt.Sprintf(`result { text: "you chose %s" }`, at(answers.Get(0).Message().Interface(), "value"))}, nil
		}
		return []string{`need_input { kind: "choice" text: "Which one?" options { value: "a" label: "The first" } options { value: "b" label: "The second" } }`}, nil
	case "fail":
		return []string{`problem { code: "conflict" message: "The stars are wrong." detail: "Saturn" }`}, nil
	case "carve":
		e.carved = true
		return []string{`result { text: "carved" }`}, nil
	default:
		return e.served(ctx, tool, at(in, "info", "call").String())
	}
}

// served answers the calls for which the host works.
func (e *elder) served(ctx context.Context, tool, call string) ([]string, error) {
	switch tool {
	case "keep":
		if _, err := e.ask(ctx, call, "SetValue", `scope: SCOPE_USER key: "k" data: "amber" ttl { seconds: 600 }`); err != nil {
			return nil, err
		}
		got, err := e.ask(ctx, call, "GetValue", `scope: SCOPE_USER key: "k"`)
		if err != nil {
			return nil, err
		}
		return []string{fmt.Sprintf(`result { text: "kept %s" }`, at(got, "value", "data").Bytes())}, nil
	case "wake":
		if _, err := e.ask(ctx, call, "PutSchedule", `schedule { name: "dawn" at { seconds: 1 } data: '{"n":1}' }`); err != nil {
			return nil, err
		}
		return []string{`result { text: "it will" }`}, nil
	}
	return nil, status.Error(codes.NotFound, tool)
}

// notify tells the person of an event.
func (e *elder) notify(ctx context.Context, in *dynamicpb.Message) error {
	what := in.WhichOneof(in.Descriptor().Oneofs().ByName("event"))
	if what == nil || what.Name() != "schedule" {
		return nil
	}
	said := fmt.Sprintf("%s with %s", at(in, "schedule", "name"), at(in, "schedule", "data").Bytes())
	text := fmt.Sprintf(`text: %q kind: "timer"`, said)
	_, err := e.ask(ctx, at(in, "info", "call").String(), "Notify", text)
	return err
}

// ask lets the host do something.
func (e *elder) ask(ctx context.Context, call, method, text string) (proto.Message, error) {
	if e.host == nil {
		return nil, status.Error(codes.FailedPrecondition, "the host offered no services")
	}
	conn, err := grpc.NewClient("unix:"+at(e.host, "socket").String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	ctx = metadata.AppendToOutgoingContext(ctx, "jarvis-token", at(e.host, "token").String(), "jarvis-call", call)
	answer := e.message("jarvis.host.v1."+method+"Response", "")
	return answer, conn.Invoke(ctx, "/jarvis.host.v1.Host/"+method, e.message("jarvis.host.v1."+method+"Request", "%s", text), answer)
}
