/**
 * Reads the small part of Markdown that answers are written in, into plain
 * objects. It knows nothing of the page, and never makes HTML.
 *
 * @typedef {{type: "text", text: string} | {type: "br"} | {type: "code", text: string}
 *   | {type: "strong" | "em", children: Inline[]}
 *   | {type: "link", href: string, children: Inline[]}} Inline
 * @typedef {{type: "p" | "h", inline: Inline[]} | {type: "code", lang: string, text: string}
 *   | {type: "quote", blocks: Block[]} | {type: "rule"}
 *   | {type: "list", ordered: boolean, start: number, items: Block[][]}} Block
 */

// How deep lists, quotes and emphasis may nest; below it they are plain text.
const maxDepth = 6;

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/;
const item = /^( {0,3})([-*+•]|\d{1,9}[.)])(\s+)(\S.*)$/;
const quote = /^ {0,3}> ?(.*)$/;
const rule = /^ {0,3}([-*_])( *\1){2,} *$/;

/**
 * Parses an answer. Text that ends in the middle, as it does while it streams,
 * is read as far as it goes.
 * @param {string} text
 * @returns {Block[]}
 */
export function parse(text) {
  return blocks(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);
}

/** @returns {Block[]} */
function blocks(lines, depth) {
  const out = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i];
    const opened = fence.exec(line);
    if (line.trim() === "") {
      i++;
    } else if (opened) {
      i = code(lines, i, opened, out);
    } else if (rule.test(line)) {
      out.push({ type: "rule" });
      i++;
    } else if (heading.test(line)) {
      out.push({ type: "h", inline: inline(heading.exec(line)[1]) });
      i++;
    } else if (depth < maxDepth && quote.test(line)) {
      i = quoted(lines, i, out, depth);
    } else if (depth < maxDepth && item.test(line)) {
      i = list(lines, i, out, depth);
    } else {
      i = paragraph(lines, i, out, depth);
    }
  }
  return out;
}

function code(lines, start, [, mark, lang], out) {
  const close = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`);
  let end = start + 1;
  while (end < lines.length && !close.test(lines[end])) end++;
  out.push({ type: "code", lang: lang.trim(), text: lines.slice(start + 1, end).join("\n") });
  return end + 1;
}

function quoted(lines, start, out, depth) {
  let end = start;
  while (end < lines.length && quote.test(lines[end])) end++;
  const inner = lines.slice(start, end).map((line) => quote.exec(line)[1]);
  out.push({ type: "quote", blocks: blocks(inner, depth + 1) });
  return end;
}

function list(lines, start, out, depth) {
  const first = item.exec(lines[start]);
  const ordered = /\d/.test(first[2]);
  const items = [];
  let i = start;
  for (;;) {
    const found = i < lines.length && !rule.test(lines[i]) ? item.exec(lines[i]) : null;
    if (!found || /\d/.test(found[2]) !== ordered) break;
    const inner = [found[4]];
    i = continued(lines, i + 1, inner, found[1].length + found[2].length + 1);
    items.push(blocks(inner, depth + 1));
  }
  out.push({ type: "list", ordered, start: ordered ? parseInt(first[2], 10) : 1, items });
  return i;
}

/** Gathers the lines that belong to a list item: those indented below it. */
function continued(lines, start, inner, width) {
  let i = start;
  while (i < lines.length) {
    const line = lines[i];
    const indent = line.length - line.trimStart().length;
    if (line.trim() === "") {
      const next = lines[i + 1];
      const goesOn = next !== undefined && next.trim() !== "" &&
        (next.length - next.trimStart().length >= 2 || item.test(next));
      if (!goesOn) break;
      inner.push("");
    } else if (indent >= 2) {
      inner.push(line.slice(Math.min(indent, width)));
    } else if (starts(line)) {
      break;
    } else {
      inner.push(line);
    }
    i++;
  }
  return i;
}

function paragraph(lines, start, out, depth) {
  let end = start + 1;
  while (end < lines.length && lines[end].trim() !== "" && (depth >= maxDepth || !starts(lines[end]))) end++;
  const text = lines.slice(start, end).map((line) => line.trim()).join("\n");
  out.push({ type: "p", inline: inline(text) });
  return end;
}

function starts(line) {
  return fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line);
}

/**
 * Parses what stands inside a paragraph.
 * @param {string} text
 * @returns {Inline[]}
 */
export function inline(text, depth = 0) {
  const scan = new Scanner(text, depth);
  while (scan.step());
  return scan.finish();
}

/** Walks over one paragraph. Each closing mark that is not there is looked for only once. */
class Scanner {
  out = [];
  #at = 0;
  #plain = 0;
  #missing = new Set();

  constructor(text, depth) {
    this.text = text;
    this.depth = depth;
  }

  step() {
    const special = /[\n`*[\\]|https?:\/\//g;
    special.lastIndex = this.#at;
    const found = special.exec(this.text);
    if (!found) return false;
    this.#at = found.index;
    if (!this.#take(found[0])) this.#at += found[0].length;
    return true;
  }

  finish() {
    this.#flush(this.text.length);
    return this.out;
  }

  #take(mark) {
    switch (mark) {
      case "\n": return this.#emit({ type: "br" }, this.#at + 1);
      case "\\": return this.#escape();
      case "`": return this.#code();
      case "*": return this.#emphasis();
      case "[": return this.#link();
      default: return this.#address();
    }
  }

  #emit(node, end) {
    this.#flush(this.#at);
    this.out.push(node);
    this.#at = this.#plain = end;
    return true;
  }

  #flush(end) {
    if (end > this.#plain) this.out.push({ type: "text", text: this.text.slice(this.#plain, end) });
    this.#plain = end;
  }

  #find(mark, from) {
    if (this.#missing.has(mark)) return -1;
    const at = this.text.indexOf(mark, from);
    if (at < 0) this.#missing.add(mark);
    return at;
  }

  #escape() {
    const next = this.text[this.#at + 1];
    if (!next || !"\\`*_[]#>-".includes(next)) return false;
    return this.#emit({ type: "text", text: next }, this.#at + 2);
  }

  #code() {
    const mark = /^`+/.exec(this.text.slice(this.#at, this.#at + 8))[0];
    const start = this.#at + mark.length;
    const end = this.#find(mark, start);
    if (end < 0 || end === start) return false;
    return this.#emit({ type: "code", text: this.text.slice(start, end).trim() }, end + mark.length);
  }

  #emphasis() {
    const mark = this.text.startsWith("**", this.#at) ? "**" : "*";
    const start = this.#at + mark.length;
    const end = this.#closing(mark, start);
    if (end < 0 || this.depth >= maxDepth) return false;
    const children = inline(this.text.slice(start, end), this.depth + 1);
    return this.#emit({ type: mark === "**" ? "strong" : "em", children }, end + mark.length);
  }

  /** Finds the mark that closes emphasis: one with no space on its inner side. */
  #closing(mark, start) {
    if (/^[\s*]/.test(this.text.slice(start, start + 1)) || start >= this.text.length) return -1;
    const end = this.#find(mark, start + 1);
    if (end < 0 || /\s/.test(this.text[end - 1])) return -1;
    if (mark === "*" && this.text[end + 1] === "*") return -1;
    return end;
  }

  #link() {
    const middle = this.#find("](", this.#at);
    const end = middle < 0 ? -1 : this.#find(")", middle);
    if (end < 0) return false;
    const label = this.text.slice(this.#at + 1, middle);
    const href = address(this.text.slice(middle + 2, end).trim());
    if (!href || label === "" || label.includes("[")) return false;
    return this.#emit({ type: "link", href, children: [{ type: "text", text: label }] }, end + 1);
  }

  #address() {
    const raw = /^[^\s<>"'`«»]+/.exec(this.text.slice(this.#at))[0].replace(/[.,;:!?)\]}*_…]+$/, "");
    const href = address(raw);
    if (!href) return false;
    return this.#emit({ type: "link", href, children: [{ type: "text", text: raw }] }, this.#at + raw.length);
  }
}

/** Returns the address if it is one of the web, else null. */
function address(raw) {
  if (!/^https?:\/\//i.test(raw) || !URL.canParse(raw)) return null;
  return new URL(raw).href;
}
