import { ask } from "./ask.js";
import { byId, el, iconButton } from "./dom.js";
import { texts } from "./texts.js";

/** The list of conversations, and the search in them. */
export class Sidebar {
  #items = [];
  #next = "";
  #found = null;
  #failed = false;
  #current = null;
  #timer = null;
  #asked = 0;
  #drawnKey = "";

  /** @param {{api: import("./api.js").Api, open: (session: string|null) => void, gone: (session: string) => void, failed: () => void, listed: () => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    byId("new-chat").addEventListener("click", () => this.#choose(null));
    byId("home").addEventListener("click", (event) => {
      event.preventDefault();
      this.#choose(null);
    });
    byId("search").addEventListener("input", () => this.#typed());
    byId("side-open").addEventListener("click", () => this.#drawer(true));
    byId("side-close").addEventListener("click", () => this.#drawer(false));
    byId("veil").addEventListener("click", () => this.#drawer(false));
    byId("side").addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#drawn()) return;
      event.preventDefault();
      this.#drawer(false);
    });
    narrow.addEventListener("change", () => this.#drawer(false));
    texts.onchange(() => this.#draw());
    this.#drawer(false);
  }

  /** The ids of the conversations that are listed. */
  ids() {
    return this.#items.map((item) => item.id);
  }

  /** The title of a conversation, or nothing. */
  title(session) {
    return this.#items.find((item) => item.id === session)?.title ?? "";
  }

  /** Marks the conversation that is shown. */
  mark(session) {
    this.#current = session;
    this.#draw();
  }

  /** Reads the list again. */
  async refresh() {
    const asked = ++this.#asked;
    try {
      const { items, next } = await this.api.sessions();
      if (asked !== this.#asked) return;
      this.#items = items ?? [];
      this.#next = next ?? "";
      this.#failed = false;
    } catch {
      if (asked !== this.#asked) return;
      this.#failed = this.#items.length === 0;
    }
    this.#draw();
    this.listed();
  }

  /** Reads the list again in a moment, once for many reasons. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), 300);
  }

  #choose(session) {
    this.#drawer(false);
    this.open(session);
  }

  async #more() {
    try {
      const { items, next } = await this.api.sessions(this.#next);
      this.#items.push(...items.filter((item) => !this.ids().includes(item.id)));
      this.#next = next ?? "";
      this.#draw();
    } catch {
      this.failed();
    }
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), 200);
  }

  async #search() {
    const words = byId("search").value.trim();
    if (words === "") {
      this.#found = null;
      return this.#draw();
    }
    try {
      const { items } = await this.api.search(words);
      if (words !== byId("search").value.trim()) return;
      this.#found = (items ?? []).map(hit);
      this.#draw();
    } catch (error) {
      byId("search-box").hidden = error.status === 404;
      if (error.status !== 404) this.failed();
    }
  }

  async #rename(item) {
    const title = await ask({ title: texts.say("rename.title"), yes: texts.say("rename.yes"), value: item.title ?? "" });
    if (title === null || title === item.title) return;
    try {
      await this.api.rename(item.id, title);
    } catch {
      return this.failed();
    }
    this.#change(this.#items.map((other) => (other.id === item.id ? { ...other, title } : other)));
  }

  async #remove(item) {
    const title = named(item);
    const sure = await ask({ title: texts.say("remove.title"), text: texts.say("remove.text", { title }), yes: texts.say("remove.yes"), danger: true });
    if (!sure) return;
    try {
      await this.api.remove(item.id);
    } catch (error) {
      if (error.status !== 404) return this.failed();
    }
    this.#change(this.#items.filter((other) => other.id !== item.id));
    byId("new-chat").focus();
    this.gone(item.id);
  }

  /** Takes a change made here; a list that was asked for before it tells less. */
  #change(items) {
    this.#asked++;
    this.#items = items;
    this.#draw();
    this.listed();
  }

  #draw() {
    const list = byId("sessions");
    const key = JSON.stringify([texts.lang, new Date().toDateString(), this.#current, this.#failed, this.#next, this.#found, this.#items]);
    if (key === this.#drawnKey) return;
    this.#drawnKey = key;
    const top = list.scrollTop;
    const focused = address(list.contains(document.activeElement) ? document.activeElement : null);
    list.replaceChildren(...(this.#found ? this.#results() : this.#groups()));
    list.scrollTop = top;
    // Whoever goes through the list by keyboard stays where they are.
    if (focused) list.querySelector(focused)?.focus({ preventScroll: true });
  }

  #groups() {
    if (this.#items.length === 0) return [el("p", { class: "side-note soft", text: texts.say(this.#failed ? "side.failed" : "side.none") })];
    const groups = Map.groupBy?.(this.#items, (item) => age(item.updated)) ?? new Map([["earlier", this.#items]]);
    const nodes = [...groups].flatMap(([name, items]) => [
      el("h2", { text: texts.say(`side.${name}`) }), el("ul", {}, ...items.map((item) => this.#item(item))),
    ]);
    const more = el("button", { type: "button", class: "text-button", "data-testid": "sessions-more", text: texts.say("side.more"), on: { click: () => this.#more() } });
    return this.#next ? [...nodes, more] : nodes;
  }

  #results() {
    if (this.#found.length === 0) return [el("p", { class: "side-note soft", text: texts.say("side.nothing") })];
    return [el("ul", {}, ...this.#found.map((found) => el("li", { class: "session" }, this.#link(found.session, found.title || this.title(found.session), found.text))))];
  }

  #item(item) {
    const title = named(item);
    return el("li", { class: "session", "data-testid": "session-item", "data-session": item.id },
      this.#link(item.id, title),
      el("span", { class: "session-actions" },
        iconButton("edit", texts.say("session.rename", { title }), () => this.#rename(item), { class: "icon-button small", "data-testid": "session-rename" }),
        iconButton("trash", texts.say("session.remove", { title }), () => this.#remove(item), { class: "icon-button small", "data-testid": "session-delete" })));
  }

  #link(session, title, excerpt) {
    const click = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#choose(session);
    };
    return el("a", { href: `#s=${session}`, "aria-current": session === this.#current ? "page" : null, "data-testid": "session-link", on: { click } },
      el("bdi", { class: "session-title", text: title || texts.say("session.untitled") }),
      excerpt ? el("bdi", { class: "excerpt soft", text: excerpt }) : null);
  }

  #drawn() {
    return narrow.matches && byId("app").classList.contains("drawn");
  }

  /** On a phone the list is a drawer over the conversation. */
  #drawer(open) {
    const was = this.#drawn();
    byId("app").classList.toggle("drawn", open);
    byId("side").inert = narrow.matches && !open;
    byId("main").inert = narrow.matches && open;
    byId("side-open").setAttribute("aria-expanded", String(open));
    if (open) byId("side-close").focus();
    else if (was) byId("side-open").focus();
  }
}

const narrow = matchMedia("(max-width: 50rem)");

/** A selector for the same control of the same conversation in a list drawn anew. */
function address(node) {
  const session = node?.closest("[data-session]")?.dataset.session;
  return session ? `[data-session="${CSS.escape(session)}"] [data-testid="${node.dataset.testid}"]` : null;
}

function named(item) {
  return item.title || texts.say("session.untitled");
}

/** A search finds messages, and tells in which conversation. */
function hit(item) {
  const message = item.message ?? item;
  return { session: item.session ?? item.id, title: item.title ?? "", text: message.text ?? "" };
}

function age(updated, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.ceil((midnight - new Date(updated)) / 86_400_000);
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  return days <= 7 ? "week" : "earlier";
}
