package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// outcome is how a start went: an instance with its manifest, or an error with
// what the plugin said last.
type outcome struct {
	instance *instance
	manifest *sdk.Manifest
	err      error
	stderr   []string
}

// discard ends a process that nobody wants any more.
func (k *keeper) discard(r outcome) {
	if r.instance != nil {
		r.instance.Kill()
		k.s.records.remove(k.id)
	}
}

// open brings a plugin up to where it can take calls.
func (k *keeper) open(ctx context.Context) outcome {
	program, err := k.s.store.verified(k.cfg.Path, k.cfg.SHA256)
	if err != nil {
		return outcome{err: &blockedError{kind: "program", err: err}}
	}
	spec, news := k.spec(ctx, program), newNews()
	spec.Changed = func(c sdk.Change, err error) { k.heard(news, c, err) }
	p, err := k.s.launch(ctx, spec)
	if err != nil {
		out := outcome{err: judgeStart(err, k.cfg, k.s.opts.HostVersion)}
		if e, ok := errors.AsType[*launch.StartError](err); ok {
			out.stderr = e.Exit.Stderr
		}
		return out
	}
	m, v, err := k.introduce(ctx, p, program)
	if err != nil {
		p.Kill()
		k.s.records.remove(k.id)
		return outcome{err: err, stderr: p.Stderr()}
	}
	return outcome{instance: &instance{process: p, since: k.s.opts.Clock(), visa: v, news: news}, manifest: m}
}

func (k *keeper) spec(ctx context.Context, program string) launch.Spec {
	spec := launch.Spec{
		Path: program, Env: k.cfg.Env, Shim: k.s.opts.Shim, NoTCP: k.cfg.Brokered, Memory: k.s.opts.Memory, NoTLS: !k.s.opts.AutoMTLS,
		Line: func(l launch.Line) { k.s.opts.Log(k.id, l) }, Now: k.s.opts.Clock,
	}
	if at, ok := ctx.Deadline(); ok {
		spec.StartTimeout = time.Until(at)
	}
	return spec
}

// introduce lets host and plugin agree: what it is, what it may, how it is
// configured, what it offers then.
func (k *keeper) introduce(ctx context.Context, p process, program string) (*sdk.Manifest, visa, error) {
	if err := k.s.records.write(k.id, p.Footprint()); err != nil {
		return nil, visa{}, err
	}
	m, err := p.Handler().Describe(ctx)
	if err != nil {
		return nil, visa{}, fmt.Errorf("describe plugin: %w", err)
	}
	if err := judgeManifest(m, k.cfg, k.s.opts.HostVersion); err != nil {
		return nil, visa{}, err
	}
	if err := judgePacked(k.packed(program), m); err != nil {
		return nil, visa{}, err
	}
	granted := k.granted(m)
	v := k.admit(p, granted)
	done, err := p.Handler().Configure(ctx, sdk.Configuration{
		Values: k.cfg.values(), Granted: granted, HostVersion: k.s.opts.HostVersion, Host: v.access,
	})
	if err != nil {
		return nil, visa{}, fmt.Errorf("configure plugin: %w", err)
	}
	if err := judgeConfigured(done); err != nil {
		return nil, visa{}, err
	}
	offer := *m
	if done.Tools != nil {
		offer.Tools = done.Tools
	}
	return &offer, v, nil
}

// admit lets a process ask the host for as long as it lives.
func (k *keeper) admit(p process, granted []sdk.Need) visa {
	if k.s.opts.Services == nil {
		return visa{}
	}
	access, pass := k.s.opts.Services.Admit(k.id, granted)
	access.Brokered = k.cfg.Brokered
	go func() {
		<-p.Done()
		pass.Leave()
	}()
	return visa{access, pass}
}
