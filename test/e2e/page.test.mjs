// The page, as a person meets it.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startHost, until } from './host.mjs';
import { startModel } from './model.mjs';

const out = path.join(path.dirname(fileURLToPath(import.meta.url)), 'out');
let browser;
let model;
let host;

before(async () => {
  await mkdir(out, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  model = await startModel();
  host = await startHost(`llm:\n  ollama:\n    url: ${model.url}\n`);
});

after(async () => {
  await browser?.close();
  const end = await host?.stop();
  model?.stop();
  assert.equal(end?.code, 0, host?.log());
});

/** A page of a new person in a language; problems fail the test at its end. */
async function open(url, { locale = 'en-GB', colorScheme = 'light', viewport = { width: 1100, height: 760 } } = {}) {
  const context = await browser.newContext({ locale, colorScheme, viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (e) => page.problems.push(String(e)));
  page.on('request', (r) => {
    if (!r.url().startsWith(host.url) && !r.url().startsWith('ws://' + host.addr) && !r.url().startsWith('data:')) page.problems.push('asked for ' + r.url());
  });
  await page.goto(url);
  return page;
}

const id = (page, name) => page.getByTestId(name);

async function signedIn(options) {
  const page = await open(host.url, options);
  await id(page, 'signin-key').fill(host.key);
  await id(page, 'signin-submit').click();
  await id(page, 'composer').waitFor();
  return page;
}

async function say(page, text) {
  await id(page, 'composer').fill(text);
  await id(page, 'composer').press('Enter');
}

const answers = (page) => id(page, 'message-assistant');

/** Waits until the newest answer satisfies check, and returns its text. */
async function answer(page, n, check) {
  return until(`answer ${n}`, async () => {
    const all = answers(page);
    if (await all.count() < n) return '';
    const text = await all.nth(n - 1).innerText();
    return check(text) ? text : '';
  });
}

test('a link signs in once, and a second click does not', async () => {
  const page = await open(host.link);
  await id(page, 'composer').waitFor();
  assert.equal(new URL(page.url()).search, '', 'the ticket stays in no address');
  const second = await open(host.link);
  assert.equal(await id(second, 'composer').isVisible(), false);
  assert.deepEqual(page.problems, []);
});

test('a wrong key is refused in words', async () => {
  const page = await open(host.url, { locale: 'fr-FR' });
  await id(page, 'signin-key').fill('jrv_' + 'x'.repeat(43));
  await id(page, 'signin-submit').click();
  await page.getByRole('alert').first().waitFor();
  assert.equal(await id(page, 'composer').isVisible(), false);
});

test('a game of hangman in French, looked at in light and dark', async () => {
  const page = await signedIn({ locale: 'fr-FR' });
  await say(page, 'jouons au pendu');
  const board = await answer(page, 1, (t) => t.includes('_'));
  assert.match(board, /lettres/);
  await say(page, 'e');
  await answer(page, 2, (t) => /erreur/.test(t));
  await until('the conversation in the list', async () => (await id(page, 'session-item').count()) > 0);
  await page.screenshot({ path: path.join(out, 'hangman-light.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: path.join(out, 'hangman-dark.png') });
  assert.deepEqual(page.problems, []);
});

test('an answer streams, and stop ends it', async () => {
  model.hold();
  const page = await signedIn();
  await id(page, 'new-chat').click();
  await say(page, 'count for me slowly');
  model.release(3);
  await answer(page, 1, (t) => t.includes('two'));
  await id(page, 'stop').click();
  await until('the stop', async () => !(await id(page, 'stop').isVisible()));
  const text = await answers(page).first().innerText();
  assert.match(text, /one two/);
  assert.doesNotMatch(text, /twelve/);
  await page.screenshot({ path: path.join(out, 'stopped.png') });
  assert.deepEqual(page.problems, []);
});

test('a reload in the middle of an answer shows the whole answer once', async () => {
  model.hold();
  const page = await signedIn();
  await id(page, 'new-chat').click();
  await say(page, 'count for me again');
  model.release(4);
  await answer(page, 1, (t) => t.includes('three'));
  await page.reload();
  await answer(page, 1, (t) => t.includes('three'));
  model.releaseAll();
  const text = await answer(page, 1, (t) => t.includes('twelve'));
  assert.equal(text.split('one two three').length, 2, `the answer stands once: ${text}`);
  assert.ok(text.includes(model.text), text);
  assert.equal(await answers(page).count(), 1);
  assert.equal(await id(page, 'message-user').count(), 1);
  await page.reload();
  assert.ok((await answer(page, 1, (t) => t.includes('twelve'))).includes(model.text));
  assert.equal(await answers(page).count(), 1);
  assert.deepEqual(page.problems, []);
});

test('two windows of one person show the same conversation live', async () => {
  const first = await signedIn();
  await id(first, 'new-chat').click();
  await say(first, 'what time is it');
  await answer(first, 1, (t) => /\d/.test(t));
  const second = await first.context().newPage();
  await second.goto(first.url());
  await until('the session in the other window', async () => {
    const items = id(second, 'session-item');
    return (await items.count()) > 0;
  });
  await id(second, 'session-item').first().click();
  await answer(second, 1, (t) => /\d/.test(t));
  await say(first, "what's the date");
  await answer(second, 2, (t) => /20\d\d/.test(t));
});

test('everything can be done by keyboard on a small screen', async () => {
  const page = await open(host.url, { viewport: { width: 390, height: 780 }, colorScheme: 'dark' });
  await id(page, 'signin-key').focus();
  await page.keyboard.type(host.key);
  await page.keyboard.press('Enter');
  await id(page, 'composer').waitFor();
  await id(page, 'composer').focus();
  await page.keyboard.type('what can you do?');
  await page.keyboard.press('Enter');
  await answer(page, 1, (t) => t.includes('hangman'));
  await page.screenshot({ path: path.join(out, 'phone-dark.png') });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(wide, false, 'nothing is wider than the screen');
});

// fault-M9: whatever is said and answered, it stays in its place: the page gets no
// wider, a message no higher than the window, and nothing is painted over others.
for (const [shape, viewport] of [['wide', { width: 1100, height: 760 }], ['narrow', { width: 390, height: 780 }]]) {
  test(`hostile texts stay in their place on a ${shape} screen`, async () => {
    const page = await open(host.url, { viewport });
    await id(page, 'signin-key').fill(host.key);
    await id(page, 'signin-submit').click();
    await id(page, 'composer').waitFor();
    // No pattern: the host ends a model's answer that says the same over and over.
    let seed = 1;
    const any = (from, many) => String.fromCharCode(from + ((seed = (seed * 48271) % 2147483647) >> 8) % many);
    const zalgo = 'Z' + Array.from({ length: 3900 }, () => any(0x300, 112)).join('');
    const token = 'x' + Array.from({ length: 3999 }, () => any(97, 26)).join('');
    let n = 0;
    for (const [what, text] of [['token', token], ['newlines', 'a' + '\n'.repeat(4080) + 'z'], ['zalgo', zalgo], ['zalgos', (zalgo.slice(0, 300) + ' ').repeat(10)]]) {
      await page.goto(host.url);
      await id(page, 'composer').waitFor();
      // As a paste does; to type 4,080 lines takes Chromium long.
      await id(page, 'composer').evaluate((e, t) => { e.value = t; e.dispatchEvent(new Event('input', { bubbles: true })); }, 'repeat:' + text);
      await id(page, 'composer').press('Enter');
      await answer(page, ++n, (t) => t.startsWith(text[0]));
      await until('the end of the answer', async () => !(await id(page, 'stop').isVisible()));
      await id(page, 'session-item').first().waitFor({ state: 'attached' });
      await page.screenshot({ path: path.join(out, `hostile-${what}-${shape}.png`) });
      const found = await page.evaluate(() => {
        const of = (name) => [...document.querySelectorAll(`[data-testid="${name}"]`)].at(-1);
        const box = (e) => { const { height, width } = e.getBoundingClientRect(); return { height, width, spills: getComputedStyle(e).overflowY === 'visible' }; };
        return {
          wide: document.documentElement.scrollWidth > window.innerWidth, high: document.documentElement.scrollHeight > window.innerHeight,
          user: box(of('message-user')), assistant: box(of('message-assistant')), composer: box(of('composer')), item: box(of('session-item')),
        };
      });
      assert.equal(found.wide || found.high, false, `${what}: the page is larger than the screen`);
      assert.ok(found.user.height <= viewport.height * 0.61, `${what}: the message is ${found.user.height} high`);
      assert.ok(found.assistant.height <= viewport.height * 6, `${what}: the answer is ${found.assistant.height} high`);
      assert.ok(found.composer.height <= viewport.height * 0.41 && found.item.height <= 80, `${what}: ${JSON.stringify(found)}`);
      for (const part of ['user', 'assistant']) {
        assert.equal(found[part].spills, false, `${what}: the ${part}'s text is painted over others`);
        assert.ok(found[part].width <= viewport.width, `${what}: ${found[part].width} wide`);
      }
    }
    assert.deepEqual(page.problems, []);
  });
}
