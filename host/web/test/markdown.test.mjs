import assert from "node:assert/strict";
import { test } from "node:test";
import { inline, parse } from "../assets/markdown.js";

const text = (t) => ({ type: "text", text: t });

test("paragraphs and line breaks", () => {
  assert.deepEqual(parse("un\ndeux\n\ntrois"), [
    { type: "p", inline: [text("un"), { type: "br" }, text("deux")] },
    { type: "p", inline: [text("trois")] },
  ]);
});

test("a drawing in a fence keeps every space", () => {
  const drawing = "  +---+\n  |   |\n      O\n\n=====";
  assert.deepEqual(parse("```\n" + drawing + "\n```\nMot : _ _"), [
    { type: "code", lang: "", text: drawing },
    { type: "p", inline: [text("Mot : _ _")] },
  ]);
});

test("a fence that is still open is code to the end", () => {
  assert.deepEqual(parse("```go\nfunc main"), [{ type: "code", lang: "go", text: "func main" }]);
});

test("marks inside a fence are text", () => {
  assert.equal(parse("```\n**a** [b](https://c.fr) <b>\n```")[0].text, "**a** [b](https://c.fr) <b>");
});

test("bold, emphasis and code", () => {
  assert.deepEqual(inline("a **b** *c* `d*`"), [
    text("a "), { type: "strong", children: [text("b")] }, text(" "),
    { type: "em", children: [text("c")] }, text(" "), { type: "code", text: "d*" },
  ]);
});

test("stars that multiply are stars", () => {
  assert.deepEqual(inline("2 * 3 * 4"), [text("2 * 3 * 4")]);
  assert.deepEqual(inline("**still coming"), [text("**still coming")]);
});

test("lists, ordered lists and their start", () => {
  const [bullets] = parse("- a\n- b\n  c");
  assert.equal(bullets.ordered, false);
  assert.equal(bullets.items.length, 2);
  assert.deepEqual(bullets.items[1], [{ type: "p", inline: [text("b"), { type: "br" }, text("c")] }]);
  const [numbers] = parse("3. a\n4. b");
  assert.deepEqual([numbers.ordered, numbers.start, numbers.items.length], [true, 3, 2]);
});

test("a list inside a list", () => {
  const [list] = parse("- a\n  - b\n    - c\n- d");
  assert.equal(list.items.length, 2);
  const inner = list.items[0][1];
  assert.equal(inner.type, "list");
  assert.equal(inner.items[0][1].type, "list");
});

test("a list right under a paragraph starts a list", () => {
  assert.deepEqual(parse("Je sais :\n- jouer").map((b) => b.type), ["p", "list"]);
});

test("a list with empty lines between its items is one list", () => {
  const blocks = parse("1. a\n\n2. b\n\nfin");
  assert.deepEqual(blocks.map((b) => b.type), ["list", "p"]);
  assert.equal(blocks[0].items.length, 2);
});

test("links are of the web or are text", () => {
  assert.deepEqual(inline("[x](https://a.fr/b)"), [{ type: "link", href: "https://a.fr/b", children: [text("x")] }]);
  for (const bad of ["[x](javascript:alert(1))", "[x](data:text/html,a)", "[x](//a.fr)", "[x](vbscript:x)", "[x](https://)"]) {
    assert.equal(inline(bad).some((n) => n.type === "link"), false, bad);
  }
});

test("a bare address is a link without the full stop behind it", () => {
  assert.deepEqual(inline("voir https://a.fr/b?c=1."), [
    text("voir "), { type: "link", href: "https://a.fr/b?c=1", children: [text("https://a.fr/b?c=1")] }, text("."),
  ]);
});

test("markup of HTML stays text", () => {
  assert.deepEqual(inline("<img src=x onerror=y>"), [text("<img src=x onerror=y>")]);
});

test("headings, quotes and rules", () => {
  assert.deepEqual(parse("# Titre\n\n> cité\n\n---").map((b) => b.type), ["h", "quote", "rule"]);
});

test("whatever comes, every letter of it is shown", () => {
  const seen = (nodes) => nodes.map((n) => n.text ?? (n.children ? seen(n.children) : n.items
    ? n.items.map(seen).join("") : seen(n.blocks ?? n.inline ?? []))).join("");
  for (const odd of ["- - - - - - - - - - a", "> > > > > > > > > b", "**a *b** c*", "[[a](https://b.fr)", "```", "*", "`", "``a`", "\\"]) {
    const letters = odd.replace(/\(https.*?\)/, "").match(/[a-z]/g) ?? [];
    for (const letter of letters) assert.ok(seen(parse(odd)).includes(letter), odd);
  }
});

// A quadratic reading of these takes minutes, not milliseconds.
test("hostile text is read in linear time", { timeout: 20_000 }, () => {
  for (const unit of ["**a", "[a", "`a", "*a ", "](", "- ", "> ", "*a*", "https://", "![", "``", "[a]("]) {
    parse(unit.repeat(50_000));
  }
});
