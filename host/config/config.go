package config

import "time"

// Config is everything an operator can set.
type Config struct {
	// Profile is what the host runs for: dev is for one machine, with a log to be
	// read by people; prod logs JSON.
	Profile string `koanf:"profile" enum:"dev,prod"`
	// DataDir is the folder for everything that is kept. It is made when it is
	// not there.
	DataDir string `koanf:"data_dir" path:"true"`
	// Language is the language of answers where an utterance does not tell its
	// own: fr, en, or auto for the end user's.
	Language string `koanf:"language" enum:"auto,fr,en"`
	// TimeZone is the time zone of end users that have set none, such as
	// Europe/Paris; empty is the machine's.
	TimeZone string `koanf:"time_zone"`
	// OperatorKey is an operator's key that is given from outside: env:NAME takes
	// it from the environment, file:PATH from a file, secret:NAME from the service
	// manager. Without one, the first start makes a key.
	OperatorKey Secret `koanf:"operator_key"`
	// OperatorKeyFile is a file that holds the operator's key, and that only its
	// owner can read.
	OperatorKeyFile string `koanf:"operator_key_file" path:"true"`
	// PluginsDir is a folder where plugins are looked for before the program's
	// own folder.
	PluginsDir string `koanf:"plugins_dir" path:"true"`

	Home    HomeConfig              `koanf:"home"`
	Gateway GatewayConfig           `koanf:"gateway"`
	Limits  LimitsConfig            `koanf:"limits"`
	LLM     LLMConfig               `koanf:"llm"`
	Memory  MemoryConfig            `koanf:"memory"`
	Plugins map[string]PluginConfig `koanf:"plugins"`
	Log     LogConfig               `koanf:"log"`
	Metrics MetricsConfig           `koanf:"metrics"`
	Drain   DrainConfig             `koanf:"drain"`
}

// HomeConfig is what a language model is told of the home, with every answer.
type HomeConfig struct {
	// Assistant is what the assistant is called.
	Assistant string `koanf:"assistant"`
	// Place is where the home is, such as Lyon, France.
	Place string `koanf:"place"`
	// People are those who live there, such as Ada, Ben (8 years).
	People []string `koanf:"people"`
}

// GatewayConfig is the door for browsers and programs.
type GatewayConfig struct {
	// Listen is the address and port to listen on; port 0 takes a free one.
	Listen string `koanf:"listen"`
	// AllowedHosts are the names under which the host may be reached, with or
	// without a port. Names of this machine itself are always allowed.
	AllowedHosts []string `koanf:"allowed_hosts"`
	// AllowedOrigins are the sites whose pages may talk to the host, such as
	// https://jarvis.example. The host's own pages are always allowed.
	AllowedOrigins []string `koanf:"allowed_origins"`
	// TrustedProxies are the addresses or networks of reverse proxies whose
	// X-Forwarded-For and X-Forwarded-Proto are believed, such as 10.0.0.2 or
	// 172.16.0.0/12. Nobody else's are.
	TrustedProxies []string `koanf:"trusted_proxies"`
	// TLSCertFile is a PEM file with the host's certificate and those that vouch
	// for it. With it the host speaks TLS, which browsers ask for before they
	// open a microphone on another machine. It is read again when it changes.
	TLSCertFile string `koanf:"tls_cert_file" path:"true"`
	// TLSKeyFile is a PEM file with the certificate's key, that only its owner
	// can read.
	TLSKeyFile string `koanf:"tls_key_file" path:"true"`
	// Unwatched is what becomes of an answer when the last connection that
	// follows it is gone: continue, and it is there when the client comes back,
	// or stop, which spares the model.
	Unwatched string `koanf:"unwatched" enum:"continue,stop"`
}

// LimitsConfig is how often something may happen, in any minute, whenever it
// begins.
type LimitsConfig struct {
	// ChatPerMinute is how many messages an end user may send, whichever way and
	// with whichever key; 0 is no limit, for an address either.
	ChatPerMinute int `koanf:"chat_per_minute" min:"0" max:"1000000"`
	// UsersPerAddress is of how many end users as many messages may come from one
	// address; 0 is no limit. Those for whom a service speaks do not count: they
	// have no address of their own.
	UsersPerAddress int `koanf:"users_per_address" min:"0" max:"10000"`
	// ConnectsPerMinute is how many WebSocket connections may be opened from one
	// address; 0 is no limit. 20 times as many may be open at once, for one end user
	// and for one address. All of an IPv6 network of 64 bits counts as one address;
	// one of 56 bits has the budget of 4 addresses, one of 48 bits that of 16, and
	// one of 32 bits that of 256.
	ConnectsPerMinute int `koanf:"connects_per_minute" min:"0" max:"1000000"`
	// FailedSignInsPerMinute is how many credentials that do not count may come
	// from one address before they get 429 in place of 401; good ones from the same
	// address are let in all the same. 0 is no limit.
	FailedSignInsPerMinute int `koanf:"failed_sign_ins_per_minute" min:"0" max:"1000000"`
}

// PluginConfig is one plugin, under its id.
type PluginConfig struct {
	// Enabled is whether the plugin runs. The project's own plugins run unless
	// this is false; others run only if it is true.
	Enabled *bool `koanf:"enabled"`
	// Kind is the plugin that this is an instance of, under a name of its own:
	// mcp mounts a server that speaks the Model Context Protocol. Empty: the id is
	// the plugin's name.
	Kind string `koanf:"kind"`
	// Path is the plugin's program. A bare name is looked for in plugins_dir and
	// beside the host's program; empty is jarvis-plugin- and the id.
	Path string `koanf:"path" path:"bare"`
	// Config is the plugin's own configuration, checked against its schema. A
	// value env:NAME is taken from the environment, file:PATH from a file that only
	// its owner can read, and secret:NAME from the service manager.
	Config map[string]any `koanf:"config"`
	// ConfigFile is a YAML or JSON file with more of the plugin's own
	// configuration; what stands under config goes before it.
	ConfigFile string `koanf:"config_file" path:"true"`
	// Grants are the names of the plugin's tools that may change something in
	// the world; * allows all of them. Tools that only read need no grant. What
	// the plugin needs from outside is granted here too, as its manifest names
	// it: "net api.example.com:443", "memory read", kv, schedule, notify, session, llm.
	Grants []string `koanf:"grants"`
	// Secrets are what the plugin may ask for by name where the need "secret
	// NAME" is granted. Each value is env:NAME, file:PATH or
	// secret:NAME.
	Secrets map[string]any `koanf:"secrets"`
	// Brokered takes the plugin its own TCP, as far as the kernel can (Landlock,
	// Linux 6.7), and lets the host connect for it, to what the net needs cover that
	// are granted; anything else is refused and written to the log.
	Brokered bool `koanf:"brokered"`
	// IdleAfter lets the plugin's process end after this long without a call; the
	// next call, or a schedule that is due, starts it again, within a fraction of a
	// second. With the plugin.json of jarvis plugin pack beside its program it is not
	// even started before its first call. 0 lets it run.
	IdleAfter time.Duration `koanf:"idle_after" min:"0s"`
	// Record is how many of its last calls are kept, with their ends, in the data
	// directory's recordings, for `jarvis plugin call --replay`; what people say
	// to the plugin stands there. 0 keeps none.
	Record int `koanf:"record" min:"0" max:"10000"`
	// TokensPerDay is how many tokens of language models the plugin may use in a
	// day, where the need llm is granted; 0 is 200000.
	TokensPerDay int `koanf:"tokens_per_day" min:"0"`

	// Problem says what is wrong with this section; the plugin is then off. It
	// is empty when nothing is.
	Problem string `koanf:"-"`
}

// MetricsConfig is who may read GET /metrics.
type MetricsConfig struct {
	// AllowLoopback is whether programs on this machine may read metrics without
	// a key.
	AllowLoopback bool `koanf:"allow_loopback"`
}

// DrainConfig is how the host stops.
type DrainConfig struct {
	// Deadline is how long open answers may go on after the first signal.
	Deadline time.Duration `koanf:"deadline" min:"0s" max:"10m"`
	// Notice is how long /ready says that the host stops before its port closes,
	// so that whatever spreads requests over hosts sends no more of them here.
	Notice time.Duration `koanf:"notice" min:"0s" max:"1m"`
}

// Default returns the configuration that is built in.
func Default() Config {
	return Config{
		Profile:  "dev",
		DataDir:  "./data",
		Language: "auto",
		Home:     HomeConfig{Assistant: "Jarvis"},
		Gateway:  GatewayConfig{Listen: "127.0.0.1:8080", Unwatched: "continue"},
		Limits:   LimitsConfig{ChatPerMinute: 30, UsersPerAddress: 10, ConnectsPerMinute: 10, FailedSignInsPerMinute: 100},
		LLM:      defaultModels(),
		Memory:   defaultMemory(),
		Log:      defaultLog(),
		Metrics:  MetricsConfig{AllowLoopback: true},
		Drain:    DrainConfig{Deadline: 8 * time.Second, Notice: time.Second},
	}
}
