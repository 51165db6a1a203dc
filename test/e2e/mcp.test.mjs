// Programs that speak the Model Context Protocol: the TypeScript SDK, and the
// inspector's command line.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startHost, until } from './host.mjs';

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const inspector = path.join(here, 'node_modules', '.bin', 'mcp-inspector');

let host;
before(async () => {
  host = await startHost(`
llm: {ollama: {url: http://127.0.0.1:9}}
plugins:
  greeter:
    kind: mcp
    enabled: true
    config: {command: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(path.join(here, 'notes-server.mjs'))}]}
`);
});
after(async () => { assert.equal((await host.stop()).code, 0, host.log()); });

async function connect(key = host.key) {
  const client = new Client({ name: 'e2e', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${host.url}/mcp`), {
    requestInit: { headers: { Authorization: `Bearer ${key}` } },
  }));
  return client;
}

test('the TypeScript SDK lists and calls the tools', async () => {
  const client = await connect();
  assert.equal(client.getServerVersion().name, 'jarvis');
  const { tools } = await client.listTools();
  const time = tools.find((t) => t.name === 'jarvis__time');
  assert.equal(time.annotations.readOnlyHint, true);
  const answer = await client.callTool({ name: 'jarvis__time', arguments: {} });
  assert.match(answer.content[0].text, /\d/);
  const wrong = await client.callTool({ name: 'weather__forecast', arguments: { days: 'never' } });
  assert.equal(wrong.isError, true);
  await client.close();
});

test('a server of the TypeScript SDK is mounted, and reached through the host', async () => {
  const client = await connect();
  const names = await until('the server', async () => {
    const all = (await client.listTools()).tools.map((t) => t.name);
    return all.includes('greeter__greet') && all;
  });
  assert.ok(!names.includes('greeter__forget'), 'a tool that says nothing of itself is not granted');
  const answer = await client.callTool({ name: 'greeter__greet', arguments: { name: 'Ada' } });
  assert.equal(answer.content[0].text, 'Hello, Ada!');
  const wrong = await client.callTool({ name: 'greeter__greet', arguments: {} });
  assert.equal(wrong.isError, true);
  await client.close();
});

test('a key that no one has is refused', async () => {
  await assert.rejects(connect('jrv_nobody'));
});

test("the inspector's command line lists and calls the tools", async () => {
  const call = async (...args) => {
    const { stdout } = await run(inspector, ['--cli', `${host.url}/mcp`, '--transport', 'http',
      '--header', `Authorization: Bearer ${host.key}`, ...args], { timeout: 60_000 });
    return JSON.parse(stdout);
  };
  const { tools } = await call('--method', 'tools/list');
  assert.ok(tools.some((t) => t.name === 'hangman__start'), JSON.stringify(tools));
  const { content } = await call('--method', 'tools/call', '--tool-name', 'jarvis__date');
  assert.match(content[0].text, /20\d\d/);
});
