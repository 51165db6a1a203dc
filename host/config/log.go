package config

import (
	"strconv"
	"time"
)

// logVariable names a file with a log section alone.
const logVariable = "JARVIS_LOG_CONFIG"

// LogConfig is the host's log.
type LogConfig struct {
	// Level is the least severe level that is logged.
	Level string `koanf:"level" enum:"trace,debug,info,warn,error"`
	// Format is how a line is written: json, text, or auto, which is text in
	// profile dev and json in prod.
	Format string `koanf:"format" enum:"auto,json,text"`
	// Output is where lines go when no file is named: stderr, or stdout, for those
	// who collect the log of a container; what is told to people then goes to
	// standard error.
	Output string `koanf:"output" enum:"stderr,stdout"`
	// File is a file that lines go to. Only its owner can read it; it is put aside
	// when it is too large or too old.
	File string `koanf:"file" path:"true"`
	// MaxMegabytes is the most that the file may weigh before it is put aside and
	// compressed, in units of 1,048,576 bytes.
	MaxMegabytes int `koanf:"max_megabytes" min:"1" max:"10000"`
	// MaxAge is how old the file's first line may be before it is put aside; 0s is
	// no bound, for those whose own logrotate moves it away: SIGHUP then opens it
	// again.
	MaxAge time.Duration `koanf:"max_age" min:"0s" max:"9000h"`
	// Keep is how many old files are kept.
	Keep int `koanf:"keep" min:"1" max:"10000"`
}

func defaultLog() LogConfig {
	return LogConfig{Level: "info", Format: "auto", Output: "stderr", MaxMegabytes: 50, MaxAge: 24 * time.Hour, Keep: 7}
}

// logFile reads the layer of the file that JARVIS_LOG_CONFIG names, which holds
// our log section and nothing else.
func (l *loader) logFile() {
	name := l.env[logVariable]
	if name == "" {
		return
	}
	path := l.path(name)
	l.watched = append(l.watched, path)
	raw, err := readBounded(path)
	if err != nil {
		l.problem(Problem{Key: "log", Where: logVariable, Value: quote(name) + " " + reason(err), Expected: "a file that can be read"})
		return
	}
	values, lines, problems := parseYAML(name, raw)
	for _, p := range problems {
		l.problem(p)
	}
	where := func(key string) string {
		if n := lines[key]; n > 0 {
			return name + ":" + strconv.Itoa(n)
		}
		return name
	}
	for _, key := range sortedKeys(values) {
		if key != "log" {
			l.problem(Problem{Key: key, Where: where(key), Expected: "the section log alone", Hint: "other keys belong in the file of --config"})
			delete(values, key)
		}
	}
	l.walk(values, "", where)
}
