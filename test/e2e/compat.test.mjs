// Programs made for other servers: the official clients of OpenAI and Ollama,
// against the running host with a scripted model.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { startHost } from './host.mjs';
import { startModel } from './model.mjs';

let host;
let model;
let openai;
let ollama;
before(async () => {
  model = await startModel();
  model.releaseAll();
  host = await startHost(`llm:\n  ollama:\n    url: ${model.url}\n`);
  openai = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: host.key, maxRetries: 0 });
  ollama = new Ollama({ host: host.url, headers: { Authorization: `Bearer ${host.key}` } });
});
after(async () => { assert.equal((await host.stop()).code, 0, host.log()); model.stop(); });

const user = (content) => ({ role: 'user', content });

test('openai: the assistant answers by its own sentences', async () => {
  const got = await openai.chat.completions.create({ model: 'jarvis', messages: [user('what time is it?')] });
  assert.match(got.choices[0].message.content, /\d/);
  assert.equal(got.choices[0].finish_reason, 'stop');
});

test('openai: the assistant streams what the model says, with usage', async () => {
  const stream = await openai.chat.completions.create({
    model: 'jarvis', stream: true, stream_options: { include_usage: true },
    messages: [{ role: 'system', content: 'Be brief.' }, user('tell me about numbers')],
  });
  let text = '';
  let usage;
  let finish;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    finish ??= chunk.choices[0]?.finish_reason;
    usage ??= chunk.usage;
  }
  assert.equal(text, model.text);
  assert.equal(finish, 'stop');
  assert.ok(usage.completion_tokens > 0);
});

test('openai: a game goes on from request to request', async () => {
  const messages = [user('play hangman')];
  const first = await openai.chat.completions.create({ model: 'jarvis', messages });
  assert.match(first.choices[0].message.content, /_/);
  messages.push(first.choices[0].message, user('e'));
  const second = await openai.chat.completions.create({ model: 'jarvis', messages });
  assert.match(second.choices[0].message.content, /[_E]/);
  await openai.chat.completions.create({ model: 'jarvis', messages: [...messages, second.choices[0].message, user('stop')] });
});

test('openai: a service speaks for the people whom a chat page forwards, each with a memory of their own', async () => {
  const { key } = host.run('user', 'add', 'webui', '--role', 'service');
  const as = (id, apiKey = key) => new OpenAI({ baseURL: `${host.url}/v1`, apiKey, maxRetries: 0, defaultHeaders: id ? { 'X-OpenWebUI-User-Id': id } : {} });
  const ask = async (client, text) => (await client.chat.completions.create({ model: 'jarvis', messages: [user(text)] })).choices[0].message.content;
  await ask(as('ann'), 'remember that I collect zeppelins');
  assert.match(await ask(as('ann'), 'what do you know about me?'), /zeppelins/);
  assert.doesNotMatch(await ask(as('ben'), 'what do you know about me?'), /zeppelins/);
  // The list of models is the same for all; answers are somebody's.
  assert.ok((await as(null).models.list()).data.some((m) => m.id === 'jarvis'));
  await assert.rejects(ask(as(null), 'hello'), /403.*X-Jarvis-User/s);
  // From a person's own key the header means nothing.
  assert.doesNotMatch(await ask(as('ann', host.key), 'what do you know about me?'), /zeppelins/);
});

test("openai: a program's own tools come back to it", async () => {
  const tools = [{ type: 'function', function: { name: 'clock', description: 'The time', parameters: { type: 'object', properties: { zone: { type: 'string' } } } } }];
  const got = await openai.chat.completions.create({ model: 'jarvis', tools, messages: [user('the time in UTC')] });
  const [call] = got.choices[0].message.tool_calls;
  assert.equal(got.choices[0].finish_reason, 'tool_calls');
  assert.deepEqual(JSON.parse(call.function.arguments), { zone: 'UTC' });
  const next = await openai.chat.completions.create({
    model: 'jarvis', tools, messages: [user('the time in UTC'), got.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'noon' }],
  });
  assert.equal(next.choices[0].message.content, model.text);
});

test('openai: models are listed, and others pass through', async () => {
  const names = [];
  for await (const m of openai.models.list()) names.push(m.id);
  assert.ok(names.includes('jarvis') && names.includes('llama3.2:1b'), names.join());
  const got = await openai.chat.completions.create({ model: 'llama3.2:1b', messages: [user('what time is it?')] });
  assert.equal(got.choices[0].message.content, model.text);
  await assert.rejects(openai.chat.completions.create({ model: 'gpt-nope', messages: [user('x')] }), (e) => e.status === 404);
});

test('openai: a wrong key is refused as the client expects', async () => {
  const stranger = new OpenAI({ baseURL: `${host.url}/v1`, apiKey: 'jrv_nobody', maxRetries: 0 });
  await assert.rejects(stranger.models.list().then((l) => l.data), (e) => e.status === 401);
});

test('ollama: the client lists, shows and chats', async () => {
  const { models } = await ollama.list();
  assert.ok(models.some((m) => m.model === 'jarvis:latest'));
  assert.ok((await ollama.show({ model: 'jarvis' })).capabilities.includes('tools'));
  const whole = await ollama.chat({ model: 'jarvis', messages: [user('what day is it?')] });
  assert.match(whole.message.content, /20\d\d/);
  let text = '';
  let last;
  for await (const part of await ollama.chat({ model: 'jarvis', stream: true, messages: [user('tell me about numbers')] })) {
    text += part.message.content;
    last = part;
  }
  assert.equal(text, model.text);
  assert.equal(last.done, true);
});

test('ollama: tools of a home come back to it', async () => {
  const got = await ollama.chat({
    model: 'jarvis', messages: [user('the time')],
    tools: [{ type: 'function', function: { name: 'clock', description: 'The time', parameters: { type: 'object', properties: { zone: { type: 'string' } } } } }],
  });
  assert.equal(got.message.tool_calls[0].function.name, 'clock');
  assert.deepEqual(got.message.tool_calls[0].function.arguments, { zone: 'UTC' });
});
