package scaffold

import (
	"fmt"
	"strings"

	"github.com/jarvis-host/jarvis"
)

// sdkModule is the module that the copy of the SDK stands in for.
const sdkModule = "github.com/jarvis-host/jarvis"

// modules writes the go.mod and go.sum of a Go plugin and of its copy of the
// SDK: the versions that this program was built with, so that whoever built it
// has them already.
func (w *writer) modules(name string) error {
	versions, err := requirements()
	if err != nil {
		return err
	}
	sums, err := jarvis.SDK.ReadFile("go.sum")
	if err != nil {
		return err
	}
	var direct, all strings.Builder
	for _, m := range needed() {
		v, ok := versions[m.path]
		if !ok {
			return fmt.Errorf("module %s: it is not in go.mod any more", m.path)
		}
		line := "\t" + m.path + " " + v
		if !m.direct {
			line += " // indirect"
		}
		direct.WriteString(line + "\n")
		all.WriteString("\t" + m.path + " " + v + " // indirect\n")
	}
	for _, f := range []struct{ name, text string }{
		{".jarvis/sdk/go.mod", "module " + sdkModule + "\n\ngo 1.26.0\n\nrequire (\n" + direct.String() + ")\n"},
		{".jarvis/sdk/go.sum", string(sums)},
		{"go.mod", "module " + name + "\n\ngo 1.26.0\n\nrequire " + sdkModule + " v0.0.0\n\nrequire (\n" + all.String() +
			")\n\nreplace " + sdkModule + " => ./.jarvis/sdk\n"},
		{"go.sum", string(sums)}, // all of it: `go doc` and `go list -m all` look at modules that no build needs
	} {
		if err := w.file(f.name, []byte(f.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// requirements reads the versions from this module's go.mod.
func requirements() (map[string]string, error) {
	mod, err := jarvis.SDK.ReadFile("go.mod")
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(mod)) {
		if f := strings.Fields(line); len(f) >= 2 && strings.HasPrefix(f[1], "v") {
			versions[f[0]] = f[1]
		}
	}
	return versions, nil
}

// module is one that the SDK needs.
type module struct {
	path   string
	direct bool // its packages import it
}

// needed lists what the SDK's packages are built from. A test builds with
// nothing else at hand.
func needed() []module {
	return []module{
		{"github.com/google/jsonschema-go", true},
		{"github.com/hashicorp/go-hclog", true},
		{"github.com/hashicorp/go-plugin", true},
		{"go.yaml.in/yaml/v3", true},
		{"golang.org/x/sys", true},
		{"golang.org/x/text", true},
		{"google.golang.org/grpc", true},
		{"google.golang.org/protobuf", true},
		{"github.com/fatih/color", false},
		{"github.com/golang/protobuf", false},
		{"github.com/hashicorp/yamux", false},
		{"github.com/mattn/go-colorable", false},
		{"github.com/mattn/go-isatty", false},
		{"github.com/oklog/run", false},
		{"golang.org/x/net", false},
		{"google.golang.org/genproto/googleapis/rpc", false},
	}
}
