// Clients that are not ours: a strict WebSocket library, and plain fetch.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { startHost } from './host.mjs';

let host;
before(async () => { host = await startHost('llm:\n  ollama:\n    url: http://127.0.0.1:9\n'); });
after(async () => { assert.equal((await host.stop()).code, 0, host.log()); });

/** Opens a socket; frames are read with next(type). */
async function connect(protocols) {
  const ws = new WebSocket(`ws://${host.addr}/ws`, protocols, { headers: { Authorization: `Bearer ${host.key}` } });
  const frames = [];
  let wake = () => {};
  ws.on('message', (data, binary) => {
    assert.equal(binary, false);
    frames.push(JSON.parse(data));
    wake();
  });
  await new Promise((resolve, reject) => { ws.on('open', resolve); ws.on('error', reject); });
  return {
    ws,
    send: (v) => ws.send(JSON.stringify(v)),
    async next(fits) {
      const end = Date.now() + 15_000;
      for (;;) {
        while (frames.length) {
          const f = frames.shift();
          if (fits(f)) return f;
        }
        if (Date.now() > end) throw new Error('no such frame');
        await new Promise((r) => { wake = r; setTimeout(r, 100); });
      }
    },
  };
}

test('a third-party WebSocket client plays hangman', async () => {
  const c = await connect('jarvis.v1');
  assert.equal(c.ws.protocol, 'jarvis.v1');
  assert.equal(c.ws.extensions, '', 'no compression is agreed on');
  const hello = await c.next((f) => f.type === 'hello');
  assert.equal(hello.protocol, 1);
  c.send({ type: 'say', id: 'a-1', text: 'play hangman' });
  const done = await c.next((f) => f.type === 'done');
  assert.match(done.text, /_/);
  c.send({ type: 'say', id: 'a-2', session: done.session, text: 'e' });
  assert.equal((await c.next((f) => f.type === 'done')).source, 'dialogue');
  c.ws.close();
});

test('the older shape is spoken without a subprotocol', async () => {
  const c = await connect([]);
  c.send({ message: 'what time is it', user_id: 'someone-else' });
  const reply = await c.next(() => true);
  assert.match(reply.response, /\d/);
  assert.ok(reply.timestamp);
  c.send({ message: '' });
  assert.ok((await c.next(() => true)).error);
  c.ws.close();
});

test('fetch gets one JSON answer, or the frames as events', async () => {
  const ask = (accept) => fetch(`${host.url}/v1/chat`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${host.key}`, 'Content-Type': 'application/json', Accept: accept },
    body: JSON.stringify({ text: 'quelle heure est-il ?' }),
  });
  const json = await (await ask('application/json')).json();
  assert.equal(json.state, 'answered');
  assert.equal(json.lang, 'fr');
  const events = await ask('text/event-stream');
  assert.match(events.headers.get('content-type'), /^text\/event-stream/);
  const text = await events.text();
  assert.match(text, /event: accepted\n/);
  assert.match(text, /event: done\n/);
});
