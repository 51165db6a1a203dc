package mcp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/jarvis-host/jarvis/sdk"
)

// Bounds of what a server may say of its tools: models read it with every
// question.
const (
	maxTools       = 256
	maxSchema      = 32 << 10 // bytes
	maxDepth       = 16       // schemas inside of schemas
	maxDescription = 1024     // characters of a tool's description
	maxWords       = 400      // characters of a description inside of a schema
	maxName        = 64       // characters of plugin__tool, which is what providers allow
)

// described turns what a server says of a tool into what a plugin says of it.
func described(server string, t *mcp.Tool, s Settings) (sdk.ToolSpec, error) {
	input, err := schemaOf(t.InputSchema)
	if err != nil {
		return sdk.ToolSpec{}, fmt.Errorf("input schema: %w", err)
	}
	spec := sdk.ToolSpec{
		Name: nameOf(server, t.Name), InputSchema: input, Timeout: s.timeout(),
		Description: cmp.Or(words(t.Description, maxDescription), words(t.Title, maxDescription), "Tool "+words(t.Name, maxName)+" of the server "+server),
		Effect:      sdk.EffectDestructive, OpenWorld: true,
	}
	if t.OutputSchema != nil {
		// Without one, an answer is not checked; that is no reason to do without.
		spec.OutputSchema, _ = schemaOf(t.OutputSchema)
	}
	if s.Trust && t.Annotations != nil {
		believe(&spec, t.Annotations)
	}
	if spec.Effect == sdk.EffectDestructive {
		spec.Confirm = sdk.Confirm{When: sdk.ConfirmWhenModel}
	}
	return spec, nil
}

// believe takes a server's hints for what they say. What is not said is the
// worst.
func believe(spec *sdk.ToolSpec, a *mcp.ToolAnnotations) {
	switch {
	case a.ReadOnlyHint:
		spec.Effect = sdk.EffectReadOnly
	case a.DestructiveHint != nil && !*a.DestructiveHint:
		spec.Effect = sdk.EffectAdditive
	}
	spec.Idempotent = a.IdempotentHint
	spec.OpenWorld = a.OpenWorldHint == nil || *a.OpenWorldHint
}

// nameOf makes a tool's name of any text: the same one always, and another one
// for another text.
func nameOf(server, name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	made, most := b.String(), max(maxName-len(server)-len("__"), 16)
	if made == "" || made[0] < 'a' || made[0] > 'z' {
		made = "t_" + made
	}
	if len(made) > most {
		sum := sha256.Sum256([]byte(name))
		made = made[:most-9] + "_" + hex.EncodeToString(sum[:4])
	}
	return made
}

// distinct gives tools whose names became the same another one each; the order
// of the server's names decides.
func distinct(tools []sdk.DynamicTool) {
	taken := map[string]bool{}
	for i := range tools {
		name := tools[i].Spec.Name
		for n := 2; taken[tools[i].Spec.Name]; n++ {
			tail := fmt.Sprintf("_%d", n)
			tools[i].Spec.Name = name[:min(len(name), maxName-1-len(tail))] + tail
		}
		taken[tools[i].Spec.Name] = true
	}
}

// words makes one line of a text, without what a reader can't see, and cuts it
// where it is too long.
func words(text string, most int) string {
	clean := strings.Join(strings.Fields(strings.Map(visible, strings.ToValidUTF8(text, ""))), " ")
	runes := []rune(clean)
	if len(runes) <= most {
		return clean
	}
	return string(runes[:most-1]) + "…"
}

// visible drops control characters and the marks that turn the direction of
// writing or hide text in it.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r >= 0xE0000 && r <= 0xE007F:
		return -1
	}
	return r
}

// schemaOf checks a schema, and cleans the texts in it.
func schemaOf(from any) (json.RawMessage, error) {
	raw, err := json.Marshal(from)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	if len(raw) > maxSchema {
		return nil, fmt.Errorf("weighs %d bytes, expected at most %d", len(raw), maxSchema)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil || tree == nil {
		return nil, errors.New("expected a JSON object")
	}
	delete(tree, "$schema") // one dialect is read, whatever is named
	if tree["type"] == nil {
		tree["type"] = "object"
	}
	if err := clean(tree, 0); err != nil {
		return nil, err
	}
	out, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return out, resolvable(out)
}

// clean cuts the texts that models read, in a schema and those inside of it.
func clean(v any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("schemas stand more than %d deep in each other", maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			text, ok := inner.(string)
			if ok && (key == "description" || key == "title" || key == "$comment") {
				v[key] = words(text, maxWords)
				continue
			}
			if err := clean(inner, depth+1); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range v {
			if err := clean(inner, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolvable reports why the host could not check arguments against a schema.
// Schemas elsewhere are not fetched.
func resolvable(raw json.RawMessage) error {
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if s.Type != "object" {
		return fmt.Errorf("type is %.40q, expected object", s.Type)
	}
	if _, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true}); err != nil {
		return fmt.Errorf("resolve: %w", err)
	}
	return nil
}

// byName orders tools as nothing else does: a model's cache of its prompt lives
// on that.
func byName(tools []*mcp.Tool) {
	slices.SortFunc(tools, func(a, b *mcp.Tool) int { return strings.Compare(a.Name, b.Name) })
}

// relist is how often a server is asked for its tools that may not be able to
// say that they changed.
const relist = 5 * time.Minute
