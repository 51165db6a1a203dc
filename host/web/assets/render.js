import { el } from "./dom.js";
import { parse } from "./markdown.js";

/** @type {WeakMap<Element, string[]>} what each answer's blocks were made from */
const shown = new WeakMap();

/**
 * Shows an answer's text in an element. Blocks that did not change keep their
 * elements, so that a selection survives while the answer grows.
 * @param {Element} node
 * @param {string} text
 */
export function renderText(node, text) {
  const blocks = parse(text);
  const keys = blocks.map((block) => JSON.stringify(block));
  const before = shown.get(node) ?? [];
  let same = 0;
  while (same < keys.length && keys[same] === before[same]) same++;
  while (node.childNodes.length > same) node.lastChild.remove();
  node.append(...blocks.slice(same).map(renderBlock));
  shown.set(node, keys);
}

function renderBlock(block) {
  switch (block.type) {
    case "p": return el("p", { dir: "auto" }, ...block.inline.map(renderInline));
    case "h": return el("p", { dir: "auto", class: "heading" }, ...block.inline.map(renderInline));
    case "rule": return el("hr");
    case "quote": return el("blockquote", { dir: "auto" }, ...block.blocks.map(renderBlock));
    case "list": return renderList(block);
    // A drawing reads from the left in every language, and scrolls by keyboard.
    default: return el("pre", { dir: "ltr", tabindex: "0" }, el("code", { text: block.text }));
  }
}

function renderList(block) {
  const items = block.items.map((blocks) => el("li", { dir: "auto" }, ...renderItem(blocks)));
  return el(block.ordered ? "ol" : "ul", { start: block.ordered && block.start !== 1 ? block.start : null }, ...items);
}

/** An item of one paragraph needs no paragraph around it. */
function renderItem(blocks) {
  return blocks.flatMap((block, i) => (i === 0 && block.type === "p" ? block.inline.map(renderInline) : [renderBlock(block)]));
}

function renderInline(node) {
  switch (node.type) {
    case "br": return el("br");
    case "code": return el("code", { text: node.text });
    case "strong":
    case "em": return el(node.type, {}, ...node.children.map(renderInline));
    case "link": return el("a", { href: node.href, title: node.href, target: "_blank", rel: "noopener noreferrer", dir: "auto" },
      ...node.children.map(renderInline));
    default: return document.createTextNode(node.text);
  }
}
