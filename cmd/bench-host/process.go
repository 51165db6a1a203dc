package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTick is the unit of /proc/PID/stat on Linux, see proc_pid_stat(5); the
// kernel's USER_HZ is 100 on all platforms that the host runs on.
const clockTick = time.Second / 100

// process is a server that is measured.
type process struct {
	cmd  *exec.Cmd
	url  string
	key  string // of the host
	took time.Duration
	dir  string
	end  chan struct{}
}

// startRole starts this program as a model or a floor.
func startRole(ctx context.Context, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self, args...)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	p.url = strings.TrimSpace(line)
	return p, nil
}

// hostConfig is a whole host, its limits at work but out of the way. Memory is
// off, as it is in the goals: what it costs is measured by itself.
const hostConfig = `profile: prod
llm:
  ollama:
    url: %s
    model: %s
    concurrency: 1000
    num_ctx: 32768
memory:
  enabled: false
limits:
  chat_per_minute: 0
  connects_per_minute: 0
drain:
  notice: 0s
`

// startHost starts the host in a folder of its own.
func startHost(ctx context.Context, program, modelURL string, extra string) (*process, error) {
	dir, err := os.MkdirTemp("", "bench-host-")
	if err != nil {
		return nil, err
	}
	p, err := startHostIn(ctx, program, dir, fmt.Sprintf(hostConfig, modelURL, modelName)+extra)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

func startHostIn(ctx context.Context, program, dir, config string) (*process, error) {
	file, ready := filepath.Join(dir, "jarvis.yaml"), filepath.Join(dir, "ready.json")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	_ = os.Remove(ready) // of the run before
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	p := &process{dir: dir, cmd: exec.CommandContext(ctx, program, "serve", "--config", file, "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--ready-file", ready)}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	began := time.Now()
	if err := p.start(); err != nil {
		return nil, err
	}
	raw, err := p.awaitFile(ready)
	if err != nil {
		return nil, err
	}
	p.took = time.Since(began)
	var r struct {
		Addr    string `json:"addr"`
		KeyFile string `json:"operator_key_file"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	key, err := os.ReadFile(r.KeyFile)
	p.url, p.key = "http://"+r.Addr, strings.TrimSpace(string(key))
	return p, err
}

func (p *process) start() error {
	p.end = make(chan struct{})
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.end)
	}()
	return nil
}

func (p *process) awaitFile(name string) ([]byte, error) {
	for {
		raw, err := os.ReadFile(name)
		if err == nil {
			return raw, nil
		}
		select {
		case <-p.end:
			log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			return nil, fmt.Errorf("the host ended at once: %s", log)
		case <-time.After(time.Millisecond):
		}
	}
}

// stop ends the process and removes its folder.
func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.end:
	case <-time.After(15 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.end
	}
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
}

// cpu is the processor time that the process has used.
func (p *process) cpu() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick
}

// rss is the process's memory, in bytes.
func (p *process) rss() int64 { return p.status("VmRSS:") << 10 }

func (p *process) status(field string) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), field)
	n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return n
}

// get reads a page of the process.
func (p *process) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return nil, err
	}
	if p.key != "" {
		req.Header.Set("Authorization", "Bearer "+p.key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}
