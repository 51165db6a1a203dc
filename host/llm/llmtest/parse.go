package llmtest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jarvis-host/jarvis/host/llm"
)

//go:embed default.yaml
var defaultYAML []byte

// DefaultScript returns a script that says back what it is told, in French or
// English, and a tool's result as it is.
func DefaultScript() Script {
	s, err := ParseScript(defaultYAML)
	if err != nil {
		panic(fmt.Errorf("parse default.yaml: %w", err)) // it is part of the program
	}
	return s
}

type scriptFile struct {
	Version string      `yaml:"version"`
	Models  []modelFile `yaml:"models"`
	Rules   []ruleFile  `yaml:"rules"`
}

type modelFile struct {
	Name          string           `yaml:"name"`
	Capabilities  []llm.Capability `yaml:"capabilities"`
	ContextLength int              `yaml:"context_length"`
	Loaded        bool             `yaml:"loaded"`
}

type ruleFile struct {
	When            string     `yaml:"when"`
	Lang            string     `yaml:"lang"`
	AfterTool       bool       `yaml:"after_tool"`
	Times           int        `yaml:"times"`
	Think           string     `yaml:"think"`
	Reply           string     `yaml:"reply"`
	Chunks          []string   `yaml:"chunks"`
	Tool            *toolFile  `yaml:"tool"`
	Tools           []toolFile `yaml:"tools"`
	Uninvited       bool       `yaml:"uninvited"`
	DoneReason      string     `yaml:"done_reason"`
	TokensPerSecond float64    `yaml:"tokens_per_second"`
	Fault           Fault      `yaml:"fault"`
	RetryAfter      string     `yaml:"retry_after"`
}

type toolFile struct {
	Name      string         `yaml:"name"`
	Arguments map[string]any `yaml:"arguments"`
}

// ParseScript reads a script from YAML: version, models (name, capabilities,
// context_length, loaded) and rules. The members of a rule are the fields of
// [Rule] in snake case, without match and the gates; tool {name, arguments} is
// one tool call, tools are several. All that is wrong is reported at once.
func ParseScript(raw []byte) (Script, error) {
	var f scriptFile
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return Script{}, fmt.Errorf("parse script: %w", err)
	}
	s := Script{Version: f.Version}
	for _, m := range f.Models {
		s.Models = append(s.Models, Model(m))
	}
	var problems []error
	for i, r := range f.Rules {
		rule, err := r.rule()
		if err != nil {
			problems = append(problems, fmt.Errorf("rules[%d]: %w", i, err))
		}
		s.Rules = append(s.Rules, rule)
	}
	if err := errors.Join(problems...); err != nil {
		return Script{}, fmt.Errorf("parse script: %w", err)
	}
	return s, nil
}

func (r ruleFile) rule() (Rule, error) {
	rule := Rule{
		When: r.When, Lang: r.Lang, AfterTool: r.AfterTool, Times: r.Times, Think: r.Think, Reply: r.Reply,
		Chunks: r.Chunks, Uninvited: r.Uninvited, DoneReason: r.DoneReason, TokensPerSecond: r.TokensPerSecond,
		Fault: r.Fault, RetryAfter: r.RetryAfter,
	}
	tools := r.Tools
	if r.Tool != nil {
		tools = append([]toolFile{*r.Tool}, tools...)
	}
	problems := []error{r.check()}
	for _, t := range tools {
		c, err := t.call()
		problems = append(problems, err)
		rule.ToolCalls = append(rule.ToolCalls, c)
	}
	return rule, errors.Join(problems...)
}

func (r ruleFile) check() error {
	var problems []error
	if r.Fault != "" && !slices.Contains(Faults(), r.Fault) {
		problems = append(problems, fmt.Errorf("fault %q: expected one of %s", r.Fault, names(Faults())))
	}
	if r.Lang != "" && r.Lang != "fr" && r.Lang != "en" {
		problems = append(problems, fmt.Errorf("lang %q: expected fr or en", r.Lang))
	}
	if r.TokensPerSecond < 0 {
		problems = append(problems, fmt.Errorf("tokens_per_second %v: expected 0 or more", r.TokensPerSecond))
	}
	if r.Times < 0 {
		problems = append(problems, fmt.Errorf("times %d: expected 0 or more", r.Times))
	}
	return errors.Join(problems...)
}

func (t toolFile) call() (llm.ToolCall, error) {
	if t.Name == "" {
		return llm.ToolCall{}, errors.New("tool: expected a name")
	}
	if t.Arguments == nil {
		t.Arguments = map[string]any{}
	}
	raw, err := json.Marshal(t.Arguments)
	if err != nil {
		return llm.ToolCall{}, fmt.Errorf("tool %s: write arguments: %w", t.Name, err)
	}
	return llm.ToolCall{Name: t.Name, Arguments: raw}, nil
}

func names(faults []Fault) string {
	var all []string
	for _, f := range faults {
		all = append(all, string(f))
	}
	return strings.Join(all, ", ")
}
