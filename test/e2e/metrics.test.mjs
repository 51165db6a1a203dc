// What the host measures, seen with Prometheus' own programs: its linter, its
// rules, and a real server that fills every panel of the dashboard.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startHost, until } from './host.mjs';
import { startModel } from './model.mjs';

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const deploy = path.join(here, '..', '..', 'deploy');

let model;
let host;
before(async () => {
  model = await startModel();
  model.releaseAll();
  host = await startHost(`llm:\n  ollama:\n    url: ${model.url}\n`);
});
after(async () => {
  assert.equal((await host.stop()).code, 0, host.log());
  model.stop();
});

async function say(text) {
  const res = await fetch(`${host.url}/v1/chat`, {
    method: 'POST', headers: { Authorization: `Bearer ${host.key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ text }),
  });
  assert.equal(res.status, 200, await res.clone().text());
  return res.json();
}

const scrape = async () => (await fetch(`${host.url}/metrics`)).text();

test('each alert fires when it should, and only then', async () => {
  await run('promtool', ['check', 'rules', path.join(deploy, 'prometheus', 'alerts.yml')]);
  await run('promtool', ['check', 'config', path.join(deploy, 'prometheus', 'prometheus.yml')]);
  const { stdout } = await run('promtool', ['test', 'rules', path.join(here, 'alerts.test.yml')]);
  assert.match(stdout, /SUCCESS/);
});

test('a scrape of a host that was used passes the linter', async () => {
  await say('play hangman');
  await say('stop the game');
  await say('remember that the bins go out on Tuesday');
  await say('tell me something about the sea');
  const check = spawn('promtool', ['check', 'metrics']);
  let said = '';
  check.stdout.on('data', (d) => { said += d; });
  check.stderr.on('data', (d) => { said += d; });
  const exited = new Promise((r) => check.on('exit', r));
  check.stdin.end(await scrape());
  assert.equal(await exited, 0, said);
});

test('a Prometheus that scrapes the host fills every panel of the dashboard', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'jarvis-prometheus-'));
  const config = path.join(dir, 'prometheus.yml');
  await writeFile(config, `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${path.join(deploy, 'prometheus', 'alerts.yml')}]
scrape_configs:
  - job_name: jarvis
    static_configs: [{ targets: ["${host.addr}"] }]
`);
  const server = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${path.join(dir, 'data')}`, '--web.listen-address=127.0.0.1:0']);
  const exited = new Promise((r) => server.on('exit', r));
  try {
    let log = '';
    server.stderr.on('data', (d) => { log += d; });
    const [, addr] = await until('Prometheus to listen', () => /"Listening on" address=(\S+)/.exec(log));
    await until('Prometheus to be ready', async () => (await fetch(`http://${addr}/-/ready`)).ok);
    const query = async (expr) => {
      const res = await fetch(`http://${addr}/api/v1/query?query=${encodeURIComponent(expr)}`);
      const body = await res.json();
      assert.equal(body.status, 'success', `${expr}: ${body.error}`);
      return body.data.result;
    };
    await until('two scrapes', async () => {
      const [count] = await query('count_over_time(up{job="jarvis"}[1m])');
      return count && Number(count.value[1]) >= 3;
    }, 30_000);
    const { panels } = JSON.parse(await readFile(path.join(deploy, 'grafana', 'jarvis.json'), 'utf8'));
    const empty = [];
    for (const panel of panels) {
      for (const { expr } of panel.targets ?? []) {
        const result = await query(expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'));
        if (result.length === 0) empty.push(`${panel.title}: ${expr}`);
      }
    }
    assert.deepEqual(empty, []);
    const rules = (await (await fetch(`http://${addr}/api/v1/rules`)).json()).data.groups.flatMap((g) => g.rules);
    assert.deepEqual(rules.filter((r) => r.lastError).map((r) => `${r.name}: ${r.lastError}`), []);
    assert.deepEqual(rules.filter((r) => r.state === 'firing').map((r) => r.name), []);
  } finally {
    server.kill('SIGTERM');
    await exited;
    await rm(dir, { recursive: true, force: true });
  }
});
