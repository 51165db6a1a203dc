import assert from "node:assert/strict";
import { test } from "node:test";
import { Joiner, countPoints } from "../assets/join.js";

test("deltas in order make the text", () => {
  const joined = new Joiner();
  assert.equal(joined.add(0, "Il fait "), "grown");
  assert.equal(joined.add(8, "beau."), "grown");
  assert.equal(joined.text, "Il fait beau.");
});

test("offsets count code points, so an emoji is one", () => {
  const joined = new Joiner();
  joined.add(0, "☀️🌦");
  assert.equal(joined.length, 3);
  assert.equal(joined.add(3, " 18°"), "grown");
  assert.equal(joined.text, "☀️🌦 18°");
});

test("a delta that was seen adds nothing", () => {
  const joined = new Joiner();
  joined.add(0, "bonjour");
  assert.equal(joined.add(0, "bonjour"), "known");
  assert.equal(joined.add(3, "jour"), "known");
  assert.equal(joined.text, "bonjour");
});

test("a delta that overlaps adds only what is new", () => {
  const joined = new Joiner();
  joined.add(0, "é🌍a");
  assert.equal(joined.add(1, "🌍ab"), "grown");
  assert.equal(joined.text, "é🌍ab");
});

test("a delta beyond the end is a hole and changes nothing", () => {
  const joined = new Joiner();
  joined.add(0, "ab");
  assert.equal(joined.add(5, "x"), "hole");
  assert.equal(joined.text, "ab");
});

test("an offset that is no offset is ignored", () => {
  const joined = new Joiner();
  assert.equal(joined.add(-1, "x"), "known");
  assert.equal(joined.add(undefined, "x"), "known");
  assert.equal(joined.text, "");
});

test("cut anywhere and sent twice, the text comes out whole", () => {
  const points = [..."Météo : 🌧 à Lyon, 👩‍🚀 هلا. ".repeat(7)];
  for (let seed = 1; seed < 50; seed++) {
    const joined = new Joiner();
    let at = 0;
    while (at < points.length) {
      const back = Math.max(0, at - (seed % 5));
      const end = Math.min(points.length, at + 1 + ((seed * 7 + at) % 9));
      joined.add(back, points.slice(back, end).join(""));
      at = end;
    }
    assert.equal(joined.text, points.join(""));
  }
});

test("code points are counted as the host counts them", () => {
  assert.equal(countPoints("a🌍é"), 3);
  assert.equal(countPoints(""), 0);
});
