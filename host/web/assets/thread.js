import { byId, el, icon } from "./dom.js";
import { texts } from "./texts.js";
import { TurnView, place } from "./turn-view.js";

// Pixels from the end within which someone counts as reading the end.
const near = 90;

/** Shows the conversation, follows its end, and tells screen readers what came. */
export class Thread {
  #views = new Map();
  #following = true;
  #conversation = null;
  #now = { online: false };
  #partial = false;
  #due = false;

  /** @param {{retry: Function, discard: Function, reply: Function, suggest: (text: string) => void, name: () => string}} actions */
  constructor(actions) {
    this.actions = actions;
    this.scroll = byId("scroll");
    this.scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(byId("thread"));
    new ResizeObserver(() => this.#follow()).observe(this.scroll);
    byId("to-end").addEventListener("click", () => this.toEnd());
    texts.onchange(() => {
      for (const view of this.#views.values()) view.reset();
      this.draw();
    });
  }

  /** Shows another conversation. */
  show(conversation) {
    this.#conversation = conversation;
    this.#views.clear();
    this.#partial = false;
    this.toEnd();
    this.draw();
  }

  /** Tells that the conversation is not shown whole. */
  partial() {
    this.#partial = true;
    this.draw();
  }

  /** Tells whether there is a connection. */
  online(online) {
    this.#now = { online };
    this.draw();
  }

  /** Draws what is new, once for each picture the browser makes. */
  draw() {
    if (this.#due || !this.#conversation) return;
    this.#due = true;
    // A hidden page makes no pictures, but its title and its answer still change.
    const later = document.hidden ? (task) => setTimeout(task, 0) : requestAnimationFrame;
    later(() => {
      this.#due = false;
      this.#draw();
    });
  }

  /** Goes to the last message, and stays there. */
  toEnd() {
    this.#following = true;
    this.#follow();
  }

  /** Has screen readers read a text, after what they read now. */
  announce(text) {
    const live = byId("live");
    live.append(el("p", { dir: "auto", text }));
    while (live.childNodes.length > 5) live.firstChild.remove();
  }

  #draw() {
    const turns = this.#conversation.all();
    const running = this.#conversation.running();
    for (const turn of turns) this.#view(turn).update({ ...this.#now, running: turn === running });
    const note = this.#partial ? [el("p", { class: "partial soft", text: texts.say("thread.partial") })] : [];
    place(byId("thread"), [...note, ...turns.map((turn) => this.#view(turn).root)]);
    this.#empty(turns.length === 0 && !this.#conversation.session);
    this.#follow();
  }

  #view(turn) {
    if (!this.#views.has(turn)) this.#views.set(turn, new TurnView(turn, this.actions));
    return this.#views.get(turn);
  }

  #empty(empty) {
    const node = byId("empty");
    node.hidden = !empty;
    const name = this.actions.name();
    const key = empty ? `${texts.lang} ${greeting()} ${name}` : "";
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    node.replaceChildren();
    if (empty) node.append(
      el("h2", {}, texts.say(greeting()), name ? ", " : "", name ? el("bdi", { text: name }) : "", "."),
      el("p", { class: "soft", text: texts.say("empty.lead") }),
      el("div", { class: "suggestions" }, ...suggestions.map((key) => this.#suggestion(key))));
  }

  #suggestion(key) {
    const text = texts.say(`suggest.${key}`);
    return el("button", { type: "button", class: "suggestion", "data-testid": "suggestion", on: { click: () => this.actions.suggest(text) } },
      icon(key), el("span", { text }));
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.#following = scrollHeight - scrollTop - clientHeight < near;
    byId("to-end").hidden = this.#following;
  }

  #follow() {
    // A page without a conversation is read from its beginning.
    if (this.#following) this.scroll.scrollTop = byId("empty").hidden ? this.scroll.scrollHeight : 0;
  }
}

const suggestions = ["weather", "game", "clock", "spark"];

function greeting(hour = new Date().getHours()) {
  if (hour >= 5 && hour < 12) return "empty.morning";
  return hour >= 12 && hour < 18 ? "empty.afternoon" : "empty.evening";
}
