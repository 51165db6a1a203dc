// A scripted model server that speaks Ollama's protocol, slowly enough to be
// interrupted: each word is sent when the test lets it go. It says at once what it
// is asked to repeat.
import http from 'node:http';

const words = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** Starts the server. release(n) lets n more words out; releaseAll() the rest. */
export async function startModel(name = 'llama3.2:1b') {
  let allowed = 0;
  let wake = () => {};
  const server = http.createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    const json = (v) => { res.setHeader('Content-Type', 'application/json; charset=utf-8'); res.end(JSON.stringify(v)); };
    const details = { parent_model: '', format: 'gguf', family: 'llama', families: ['llama'], parameter_size: '1.2B', quantization_level: 'Q8_0' };
    if (req.url === '/') return res.end('Ollama is running');
    if (req.url === '/api/version') return json({ version: '0.24.0' });
    if (req.url === '/api/tags') return json({ models: [{ name, model: name, modified_at: new Date().toISOString(), size: 1, digest: 'd', details }] });
    if (req.url === '/api/ps') return json({ models: [] });
    if (req.url === '/api/show') return json({ details, model_info: { 'llama.context_length': 8192 }, capabilities: ['completion', 'tools'] });
    if (req.url !== '/api/chat') { res.statusCode = 404; return res.end('404 page not found'); }
    const asked = JSON.parse(body);
    res.setHeader('Content-Type', 'application/x-ndjson');
    const line = (v) => res.write(JSON.stringify({ model: name, created_at: new Date().toISOString(), ...v }) + '\n');
    const end = { message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', total_duration: 1, load_duration: 1, prompt_eval_count: 5, prompt_eval_duration: 1, eval_count: words.length, eval_duration: 1 };
    const clock = asked.tools?.find((t) => t.function.name === 'clock');
    if (clock && asked.messages.at(-1).role === 'user') {
      line({ message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'clock', arguments: { zone: 'UTC' } } }] }, done: false });
      line(end);
      return res.end();
    }
    const [, echo] = /repeat:([^]*)/.exec(asked.messages.at(-1).content) ?? [];
    if (echo) {
      line({ message: { role: 'assistant', content: echo }, done: false });
      line(end);
      return res.end();
    }
    for (const [i, w] of words.entries()) {
      while (i >= allowed && !res.destroyed) {
        await new Promise((r) => { wake = r; setTimeout(r, 50); });
      }
      if (res.destroyed) return undefined;
      line({ message: { role: 'assistant', content: (i ? ' ' : '') + w }, done: false });
    }
    line(end);
    return res.end();
  });
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    text: words.join(' '),
    hold() { allowed = 0; },
    release(n) { allowed += n; wake(); },
    releaseAll() { allowed = words.length; wake(); },
    stop: () => { server.closeAllConnections(); server.close(); },
  };
}
