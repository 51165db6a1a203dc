package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	yamlparser "github.com/knadh/koanf/parsers/yaml"
	"go.yaml.in/yaml/v3"
)

// defaultFile is read when no file is named and it is there.
const defaultFile = "jarvis.yaml"

// maxFile is the most that a configuration file may weigh.
const maxFile = 1 << 20

// file reads the file's layer.
func (l *loader) file() {
	name := l.o.File
	if name == "" {
		name = defaultFile
	}
	raw, err := readBounded(l.path(name))
	if l.o.File == "" && errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.problem(Problem{Where: name, Value: reason(err), Expected: "a file that can be read"})
		return
	}
	values, lines, problems := parseYAML(name, raw)
	for _, p := range problems {
		l.problem(p)
	}
	l.walk(values, "", func(key string) string {
		if n := lines[key]; n > 0 {
			return name + ":" + strconv.Itoa(n)
		}
		return name
	})
}

// walk takes over a section of the file.
func (l *loader) walk(section map[string]any, prefix string, where func(key string) string) {
	for _, name := range sortedKeys(section) {
		key, v := prefix+name, section[name]
		leaf, inner, ok := keys().find(key)
		switch {
		case ok && inner == "":
			if v != nil {
				l.put(leaf, key, v, where(key), false)
				l.locate(key, v, where)
			}
		case isSection(key):
			l.section(key, v, where)
		default:
			l.unknown(key, where(key))
		}
	}
}

// locate notes where each key inside a plugin's own configuration stands.
func (l *loader) locate(key string, v any, where func(string) string) {
	m, _ := v.(map[string]any)
	for name, inner := range m {
		l.origins[key+"."+name] = origin{l.layer, where(key + "." + name)}
		l.locate(key+"."+name, inner, where)
	}
}

func (l *loader) section(key string, v any, where func(string) string) {
	switch m := v.(type) {
	case nil: // a heading with nothing under it
	case map[string]any:
		l.walk(m, key+".", where)
	default:
		p := Problem{Key: key, Where: where(key), Value: quote(v), Expected: "a section"}
		if children := keys().children(key + "."); len(children) > 0 {
			p.Hint = "with keys such as " + children[0] + ", each on a line of its own, indented"
		}
		l.problem(p)
	}
}

func isSection(key string) bool {
	_, _, name, rest, ok := keys().member(key)
	return keys().sections[key] || ok && name != "" && rest == ""
}

// parseYAML reads one document, and the line on which each key stands.
func parseYAML(name string, raw []byte) (map[string]any, map[string]int, []Problem) {
	values, err := yamlparser.Parser().Unmarshal(raw)
	if err != nil {
		return nil, nil, yamlProblems(name, err)
	}
	var problems []Problem
	d := yaml.NewDecoder(strings.NewReader(string(raw)))
	var root yaml.Node
	if err := d.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, yamlProblems(name, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		problems = append(problems, Problem{Where: name, Value: "a second document", Expected: "one document", Hint: "remove the line ---"})
	}
	lines := map[string]int{}
	if len(root.Content) == 1 {
		findLines(root.Content[0], "", lines)
	}
	return values, lines, problems
}

func findLines(n *yaml.Node, prefix string, into map[string]int) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := prefix + n.Content[i].Value
		into[key] = n.Content[i].Line
		findLines(n.Content[i+1], key+".", into)
	}
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)`)

// yamlProblems names the line of each fault that the parser found.
func yamlProblems(name string, err error) []Problem {
	texts := []string{err.Error()}
	if t, ok := errors.AsType[*yaml.TypeError](err); ok {
		texts = t.Errors
	}
	var out []Problem
	for _, text := range texts {
		p := Problem{Where: name, Value: strings.TrimPrefix(text, "yaml: "), Expected: "YAML"}
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			p.Where, p.Value = name+":"+m[1], m[2]
		}
		if strings.Contains(text, "cannot unmarshal") {
			p.Value, p.Expected = "no section", "keys and values, such as data_dir: ./data"
		}
		if strings.Contains(text, "found character that cannot start any token") {
			p.Hint = "indent with spaces, not tabs"
		}
		out = append(out, p)
	}
	return out
}

// readBounded reads a whole regular file that is not absurdly long.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%d bytes long, at most %d are read", info.Size(), maxFile)
	}
	return os.ReadFile(path)
}

// reason is an error without the path, which is told already.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// path is where a relative path starts from.
func (l *loader) path(p string) string {
	if p == "" || filepath.IsAbs(p) || l.o.Dir == "" {
		return p
	}
	return filepath.Join(l.o.Dir, p)
}
