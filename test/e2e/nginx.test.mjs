// The host behind Debian's nginx, configured as deploy/nginx has it: only the
// addresses, the files and the port are the test's.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { startHost, until } from './host.mjs';
import { startModel } from './model.mjs';

const example = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'deploy', 'nginx', 'jarvis.conf');
const name = 'jarvis.example';
const dir = mkdtempSync(path.join(os.tmpdir(), 'jarvis-nginx-'));
// An address of this machine that is not loopback, for a client from elsewhere.
const outside = Object.values(os.networkInterfaces()).flat().find((a) => !a.internal && a.family === 'IPv4')?.address;
let model, host, nginx;

/** A port that nobody has now. */
async function freePort() {
  const s = net.createServer();
  await new Promise((r) => s.listen(0, '127.0.0.1', r));
  const { port } = s.address();
  await new Promise((r) => s.close(r));
  return port;
}

/** The example with what differs here; each has to be there. */
function configuration(port) {
  let text = readFileSync(example, 'utf8');
  for (const [from, to] of [
    ['listen 443 ssl;', ['127.0.0.1', outside].filter(Boolean).map((a) => `listen ${a}:${port} ssl;`).join(' ')],
    ['server 127.0.0.1:8080;', `server ${host.addr};`],
    ['/etc/jarvis/cert.pem', `${dir}/cert.pem`],
    ['/etc/jarvis/key.pem', `${dir}/key.pem`],
  ]) {
    assert.equal(text.split(from).length, 2, `deploy/nginx has ${from} once`);
    text = text.replace(from, to);
  }
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir}/${t};`).join(' ');
  return `daemon off; pid ${dir}/pid; error_log ${dir}/error.log; events {}\nhttp { access_log ${dir}/access.log; ${temp}\n${text}\n}\n`;
}

/** Starts nginx; another may take the port first, and then it is another port. */
async function startNginx() {
  for (let left = 5; ; left--) {
    const port = await freePort();
    writeFileSync(path.join(dir, 'nginx.conf'), configuration(port));
    const child = spawn('nginx', ['-p', dir, '-c', path.join(dir, 'nginx.conf'), '-e', path.join(dir, 'error.log')]);
    let said = '';
    child.stderr.on('data', (d) => { said += d; });
    const exited = new Promise((r) => child.on('exit', r));
    const there = await until('nginx', () => {
      if (child.exitCode !== null) return 'ended';
      return new Promise((r) => { const c = net.connect(port, '127.0.0.1', () => { c.destroy(); r('there'); }); c.on('error', () => r('')); });
    });
    if (there === 'there') return { port, stop: () => { child.kill('SIGQUIT'); return exited; } };
    if (!left || !/in use/.test(said)) throw new Error(`nginx ended: ${said}`);
  }
}

before(async () => {
  model = await startModel();
  host = await startHost(`llm:\n  ollama:\n    url: ${model.url}\ngateway:\n  allowed_hosts: [${name}]\n  trusted_proxies: [127.0.0.1]\n` +
    'limits: {chat_per_minute: 0, connects_per_minute: 0, failed_sign_ins_per_minute: 3}\n');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', `subjectAltName=DNS:${name}`, '-keyout', path.join(dir, 'key.pem'), '-out', path.join(dir, 'cert.pem')], { stdio: 'ignore' });
  nginx = await startNginx();
});

after(async () => {
  await nginx?.stop();
  const end = await host?.stop();
  model?.stop();
  rmSync(dir, { recursive: true, force: true });
  assert.equal(end?.code, 0, host?.log());
});

const trust = () => ({ ca: readFileSync(path.join(dir, 'cert.pem')), servername: name });

/** One request through nginx. onText gets each piece of the answer as it comes. */
function ask(method, where, { body = '', headers = {}, to = '127.0.0.1', onText = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const req = https.request({ host: to, port: nginx.port, method, path: where, agent: false, ...trust(),
      headers: { Host: name, Authorization: `Bearer ${host.key}`, 'Content-Type': 'application/json', ...headers } }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (d) => { text += d; onText(text); });
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, text }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** Writes bytes on a connection, and returns the statuses of what is answered. */
async function raw(connection, request) {
  let got = '';
  const closed = new Promise((r) => { connection.on('close', r); connection.on('error', r); });
  connection.setTimeout(10_000, () => connection.destroy(new Error('no end')));
  connection.on('data', (d) => { got += d.toString('latin1'); });
  connection.write(request);
  await closed;
  return [...got.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((m) => Number(m[1]));
}

const direct = (request) => raw(net.connect({ host: '127.0.0.1', port: Number(host.addr.split(':').at(-1)) }), request);
const through = (request) => raw(tls.connect({ host: '127.0.0.1', port: nginx.port, ...trust() }), request);

test('events come one by one', async () => {
  model.hold();
  const seen = [];
  const answer = ask('POST', '/v1/chat', { headers: { Accept: 'text/event-stream' }, body: '{"text":"count for me slowly"}', onText: (t) => seen.push(t) });
  for (const word of ['one', 'two', 'three']) { // each before the next may be said
    model.release(1);
    await until(`${word} to come`, () => seen.at(-1)?.includes(word));
  }
  assert.doesNotMatch(seen.at(-1), /four/);
  model.releaseAll();
  const { status, headers, text } = await answer;
  assert.equal(status, 200);
  assert.match(headers['content-type'], /text\/event-stream/);
  assert.match(text, /twelve/);
});

test('a chat over a WebSocket, from a page of the address', async () => {
  const ws = new WebSocket(`wss://127.0.0.1:${nginx.port}/ws`, 'jarvis.v1', { ...trust(), headers: { Host: name, Origin: `https://${name}`, Authorization: `Bearer ${host.key}` } });
  const frames = [];
  ws.on('message', (d) => frames.push(JSON.parse(d)));
  await new Promise((resolve, reject) => { ws.on('open', resolve); ws.on('error', reject); });
  ws.send(JSON.stringify({ type: 'say', id: 'a-1', text: 'play hangman' }));
  const done = await until('the answer', () => frames.find((f) => f.type === 'done'));
  assert.match(done.text, /_/);
  ws.close();
  const other = new WebSocket(`wss://127.0.0.1:${nginx.port}/ws`, 'jarvis.v1', { ...trust(), headers: { Host: name, Origin: 'https://evil.example', Authorization: `Bearer ${host.key}` } });
  const refused = await new Promise((resolve) => { other.on('error', resolve); other.on('open', resolve); });
  assert.match(String(refused), /403/);
});

// fault-H1, fault-H3: what has two meanings is refused by nginx or has one for
// both, so that nobody hides a request in another.
test('nginx and the host agree on where requests begin and end', async () => {
  const last = `GET /health HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
  const hidden = `GET /hidden HTTP/1.1\r\nHost: ${name}\r\n\r\n`; // a 404 tells that it was taken for one
  const say = '{"text":"what time is it"}';
  const head = `POST /v1/chat HTTP/1.1\r\nHost: ${name}\r\nX-API-Key: ${host.key}\r\nContent-Type: application/json\r\n`;
  const chunked = `${say.length.toString(16)}\r\n${say}\r\n0\r\n\r\n`;
  for (const [what, request, ofHost, ofNginx] of [
    ['one length', `${head}Content-Length: ${say.length}\r\n\r\n${say}${last}`, [200, 200], [200, 200]],
    ['chunks', `${head}Transfer-Encoding: chunked\r\n\r\n${chunked}${last}`, [200, 200], [200, 200]],
    ['a length and chunks', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${hidden}${last}`, [400], [400]],
    ['chunks and a length', `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunked}${hidden}${last}`, [400], [400]],
    ['two lengths', `${head}Content-Length: ${say.length}\r\nContent-Length: ${say.length + hidden.length}\r\n\r\n${say}${hidden}${last}`, [400], [400]],
    ['two lengths in one', `${head}Content-Length: ${say.length}, ${say.length + hidden.length}\r\n\r\n${say}${hidden}${last}`, [400], [400]],
    ['a folded line', `GET /health HTTP/1.1\r\nHost: ${name}\r\nX-A: b\r\n c\r\n\r\n${last}`, [200, 200], [400]],
    ['a folded encoding', `${head}Content-Length: ${say.length}\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${chunked}${hidden}${last}`, [400], [400]],
    ['an encoding in a fold', `${head}Content-Length: ${say.length}\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n${say}${last}`, [200, 200], [400]],
    ['bare line feeds', (`GET /health HTTP/1.1\r\nHost: ${name}\r\n\r\n${last}`).replaceAll('\r', ''), [200, 200], [200, 200]],
    ['a length and chunks after bare ones', `${head.replaceAll('\r', '')}Content-Length: 5\nTransfer-Encoding: chunked\n\n${chunked}${hidden}${last}`, [400], [400]],
    // nginx reads the chunks to their end and frames the request anew.
    ['a chunk with a bare one', `${head}Transfer-Encoding: chunked\r\n\r\n${chunked.replace('\r', '')}${last}`, [400], [200, 200]],
  ]) {
    const got = { host: await direct(request), nginx: await through(request) };
    assert.deepEqual(got, { host: ofHost, nginx: ofNginx }, what);
  }
});

test("nginx tells the host the client's address and TLS, and a client's claims count nothing", async (t) => {
  assert.ok((await ask('GET', '/health')).headers['strict-transport-security'], 'the host knows that TLS was used');
  const wrong = (claimed, to) => ask('GET', '/v1/me', { to, headers: { Authorization: 'Bearer jrv_wrong', 'X-Forwarded-For': claimed } });
  const statuses = [];
  for (let i = 1; i <= 5; i++) statuses.push((await wrong(`198.51.100.${i}`)).status);
  assert.deepEqual(statuses.slice(-2), [429, 429], `claims counted apart: ${statuses}`);
  assert.equal((await ask('GET', '/v1/me')).status, 200, 'a good key gets in meanwhile');
  if (!outside) return t.diagnostic('no address here but loopback: nobody from elsewhere');
  assert.equal((await wrong('127.0.0.1', outside)).status, 401, 'who comes from elsewhere has a count of their own');
});
