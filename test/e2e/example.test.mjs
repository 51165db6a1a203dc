// The example of a browser client, served from an origin of its own.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startHost } from './host.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, '..', '..', 'examples', 'browser');
let browser;
let host;
let pages;
before(async () => {
  pages = http.createServer(async (q, s) => {
    const name = q.url === '/' ? 'index.html' : path.basename(q.url);
    s.setHeader('Content-Type', name.endsWith('.js') ? 'text/javascript' : 'text/html');
    s.end(await readFile(path.join(folder, name)).catch(() => ''));
  });
  await new Promise((r) => { pages.listen(0, '127.0.0.1', r); });
  host = await startHost(`gateway:\n  allowed_origins: ["http://127.0.0.1:${pages.address().port}"]\nllm:\n  ollama:\n    url: http://127.0.0.1:9\n`);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
});
after(async () => {
  await browser?.close();
  pages?.close();
  assert.equal((await host?.stop())?.code, 0, host?.log());
});

test('a page of another origin talks, answers a question of a game, and is refused with a wrong key', async () => {
  const page = await browser.newPage();
  const problems = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto(`http://127.0.0.1:${pages.address().port}/`);
  await page.fill('#url', host.url);
  await page.fill('#key', 'jrv_wrong');
  await page.click('#connect button');
  await page.locator('.note').first().waitFor();
  await page.fill('#key', host.key);
  await page.click('#connect button');
  await page.fill('#text', 'play hangman');
  await page.press('#text', 'Enter');
  await page.locator('[data-state=answered]').first().waitFor();
  assert.match(await page.textContent('#talk'), /_/);
  await page.fill('#text', 'e');
  await page.press('#text', 'Enter');
  await page.locator('[data-state=answered]').nth(1).waitFor();
  await mkdir(path.join(here, 'out'), { recursive: true });
  await page.screenshot({ path: path.join(here, 'out', 'example.png') });
  assert.deepEqual(problems, []);
});
