// The real program, started for one test with its own data directory.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin');

/** Polls until check returns something, at most for ms. */
export async function until(what, check, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await check();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

const made = [];
process.on('exit', () => made.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** Starts a host; config is YAML. Stop it with stop(). */
export async function startHost(config = '', { dir } = {}) {
  if (!dir) {
    dir = await mkdtemp(path.join(os.tmpdir(), 'jarvis-e2e-'));
    made.push(dir);
  }
  const file = path.join(dir, 'jarvis.yaml');
  const ready = path.join(dir, 'ready.json');
  await rm(ready, { force: true });
  // A test says more than a person would.
  const limits = /^limits:/m.test(config) ? '' : '\nlimits: {chat_per_minute: 0, connects_per_minute: 0}\n';
  await writeFile(file, config + limits);
  const child = spawn(path.join(bin, 'jarvis'), ['serve', '--config', file, '--data', path.join(dir, 'data'),
    '--listen', '127.0.0.1:0', '--ready-file', ready], { cwd: dir, env: { PATH: process.env.PATH, HOME: dir } });
  let log = '';
  child.stdout.on('data', (d) => { log += d; });
  child.stderr.on('data', (d) => { log += d; });
  const exited = new Promise((r) => child.on('exit', (code, signal) => r({ code, signal })));
  await until('the host', () => {
    if (child.exitCode !== null) throw new Error(`the host ended early:\n${log}`);
    return existsSync(ready);
  });
  const { addr, pid, operator_key_file: keyFile } = JSON.parse(await readFile(ready, 'utf8'));
  const key = (await readFile(keyFile, 'utf8')).trim();
  const link = /http:\/\/\S+\/signin\?ticket=\S+/.exec(log)[0];
  return {
    url: `http://${addr}`, addr, pid, key, link, dir, exited,
    log: () => log,
    /** Runs the program on this host's data and returns what it prints as JSON. */
    run: (...args) => JSON.parse(execFileSync(path.join(bin, 'jarvis'), [...args, '--json', '--data', path.join(dir, 'data')], { cwd: dir, env: { PATH: process.env.PATH, HOME: dir } })),
    kill: () => child.kill('SIGKILL'),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
