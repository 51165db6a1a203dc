package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/config"
)

// configFlags are the flags that every command with a configuration takes.
type configFlags struct{ file, data, listen string }

func (f *configFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.file, "config", "", "configuration `FILE` (default jarvis.yaml, when it is there)")
	fs.StringVar(&f.data, "data", "", "`DIR` for everything that is kept (default ./data)")
}

// options say where the configuration comes from.
func (f *configFlags) options(p *program) config.Options {
	flags := map[string]any{}
	if f.data != "" {
		flags["data_dir"] = f.data
	}
	if f.listen != "" {
		flags["gateway.listen"] = f.listen
	}
	return config.Options{File: f.file, Env: p.environ, Flags: flags}
}

// load reads the configuration: defaults, file, environment, flags. What is
// wrong with a single plugin's section turns that plugin off and is said.
func (f *configFlags) load(p *program) (*config.Snapshot, error) {
	s, err := config.Load(f.options(p))
	if s == nil {
		return nil, &exitError{code: exitConfig, err: err}
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "jarvis: these plugins stay off: %v\n", err)
	}
	return s, nil
}

func serveCommand() command {
	c := command{
		name: "serve", args: "[--config FILE] [--data DIR] [--listen ADDR] [--ready-file FILE]",
		summary: "run the host and its plugins until it is told to stop",
		example: "  jarvis serve\n  jarvis serve --config /etc/jarvis/jarvis.yaml\n  jarvis serve --listen 127.0.0.1:0 --ready-file ready.json",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		fs.StringVar(&f.listen, "listen", "", "`ADDR` to listen on; port 0 takes a free one")
		ready := fs.String("ready-file", "", "write one JSON line to `FILE` when the host is ready")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		files := config.NewWatcher(f.options(p))
		cfg, err := f.load(p)
		if err != nil {
			return err
		}
		return p.serve(ctx, cfg, f.options(p), files, *ready)
	}
	return c
}

// serve runs the host. The first signal drains it: open turns end or are told,
// then it exits with 0. The second one ends it at once.
func (p *program) serve(ctx context.Context, cfg *config.Snapshot, from config.Options, files *config.Watcher, readyFile string) (err error) {
	tuneCollector()
	if err := conceal(); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program itself: %w", err)
	}
	last, err := listenForLastWords(exe)
	if err != nil {
		return err
	}
	p.stderr = last.Out
	defer func() { err = errors.Join(err, last.End()) }()
	log := p.stderr
	if cfg.Config().Log.Output == "stdout" {
		log, p.stdout = p.stdout, p.stderr // whoever reads the log there reads nothing else
	}
	h, err := host.New(ctx, cfg, host.Options{Version: version, Program: exe, Log: log, Conceal: last.Conceal})
	if err != nil {
		return hostError(err)
	}
	if err := h.Start(ctx); err != nil {
		return errors.Join(hostError(err), h.Stop(ctx))
	}
	if err := p.announce(ctx, h, readyFile); err != nil {
		return errors.Join(err, h.Stop(ctx))
	}
	watching, enough := context.WithCancel(ctx)
	go files.Watch(watching, func() { reload(h, from) })
	defer enough()
	ends := p.heed(h, from)
	select {
	case <-ends:
	case err := <-h.Failed():
		return errors.Join(err, h.Stop(ctx))
	}
	ctx, force := context.WithCancel(ctx)
	defer force()
	stopped := make(chan error, 1)
	go func() { stopped <- h.Stop(ctx) }()
	select {
	case err := <-stopped:
		return err
	case s := <-ends:
		force()
		err := errors.Join(errors.New("stopped at once by a second signal"), <-stopped)
		return &exitError{code: signalCode(s), err: err}
	}
}

// heed does what signals ask for, and passes on those that end the host: SIGHUP
// reads the configuration again and opens the log's file again, SIGUSR1 does the
// latter alone, SIGQUIT logs what every goroutine does.
func (p *program) heed(h *host.Host, from config.Options) <-chan os.Signal {
	ends := make(chan os.Signal, cap(p.signals))
	go func() {
		for s := range p.signals {
			switch s {
			case syscall.SIGHUP:
				reopen(h)
				reload(h, from)
			case syscall.SIGUSR1:
				reopen(h)
			case syscall.SIGQUIT:
				h.DumpStacks()
			default:
				ends <- s
			}
		}
	}()
	return ends
}

// reload reads the configuration again. What is bad is told of, and the last
// good one stays.
func reload(h *host.Host, from config.Options) {
	now, err := config.Load(from)
	if now != nil {
		err = h.Reload(now)
	}
	if err != nil {
		h.Complain("configuration not taken over, the last good one stays", err)
	}
}

func reopen(h *host.Host) {
	if err := h.ReopenLog(); err != nil {
		h.Complain("log not opened again", err)
	}
}

// hostError gives a start that the configuration forbids its exit code.
func hostError(err error) error {
	if errors.Is(err, host.ErrConfig) {
		return &exitError{code: exitConfig, err: err}
	}
	return err
}

// announce tells the operator where the host is, and a waiting program that it
// is ready.
func (p *program) announce(ctx context.Context, h *host.Host, readyFile string) error {
	fmt.Fprintf(p.stdout, "Jarvis %s is ready on %s\n", version, h.URL())
	link, err := h.SignInLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "\n  Sign in with one click (valid once, for 10 minutes):\n  %s\n\n  Your operator key is in %s\n", link, h.OperatorKeyFile())
	fmt.Fprintf(p.stdout, "  In a terminal: jarvis chat --url %s --key-file %s\n\n%s\n\n", h.URL(), h.OperatorKeyFile(), h.ModelLine())
	if readyFile == "" {
		return nil
	}
	line, err := json.Marshal(map[string]any{
		"addr": h.Addr(), "url": h.URL(), "pid": os.Getpid(), "operator_key_file": h.OperatorKeyFile(),
	})
	if err != nil {
		return fmt.Errorf("encode ready file: %w", err)
	}
	return writeWhole(readyFile, append(line, '\n'))
}

// writeWhole writes a file so that no reader ever sees half of it.
func writeWhole(file string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".ready-*")
	if err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	if err := os.Rename(tmp.Name(), file); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return nil
}
