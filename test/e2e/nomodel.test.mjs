// Without a model the page says so, and what can be done without one works.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startHost, until } from './host.mjs';

const out = path.join(path.dirname(fileURLToPath(import.meta.url)), 'out');
let browser;
let host;

before(async () => {
  await mkdir(out, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
  host = await startHost('llm:\n  ollama:\n    url: http://127.0.0.1:9\n');
});

after(async () => {
  await browser?.close();
  await host?.stop();
});

test('the page says plainly that no model is connected and how to connect one', async () => {
  const page = await (await browser.newContext({ locale: 'fr-FR', viewport: { width: 1100, height: 760 }, reducedMotion: 'reduce' })).newPage();
  await page.goto(host.link);
  await page.getByTestId('no-model').waitFor();
  assert.match(await page.getByTestId('no-model').innerText(), /ollama pull llama3\.2:1b/);
  await page.getByTestId('composer').fill('raconte-moi une histoire de dragon');
  await page.getByTestId('composer').press('Enter');
  const text = await until('an honest answer', async () => {
    const all = page.getByTestId('message-assistant');
    return (await all.count()) && (await all.first().innerText());
  });
  assert.match(text, /modèle/i);
  await page.screenshot({ path: path.join(out, 'no-model.png') });
});
