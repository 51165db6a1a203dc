import { copy, el, icon, iconButton } from "./dom.js";
import { questionView } from "./question-view.js";
import { renderText } from "./render.js";
import { texts } from "./texts.js";

/**
 * Shows one turn. Its elements are made once and then changed, so that focus,
 * selection and what is being typed into a question stay where they are.
 */
export class TurnView {
  /**
   * @param {import("./conversation.js").Turn} turn
   * @param {{retry: Function, discard: Function, reply: Function}} actions
   */
  constructor(turn, actions) {
    this.turn = turn;
    this.actions = actions;
    this.parts = new Map();
    this.root = el("article", { class: "turn" });
    this.answer = el("div", { class: "answer" });
    this.body = el("div", { class: "text", "data-testid": "message-assistant" });
    this.meta = el("div", { class: "meta" });
    this.waiting = el("p", { class: "thinking", "data-testid": "thinking" }, el("i"), el("i"), el("i"), el("span", { class: "sr-only", role: "status" }));
  }

  /**
   * Brings the elements up to date.
   * @param {{running: boolean, online: boolean}} now running: it is this turn's turn
   */
  update(now) {
    const late = [];
    const nodes = [];
    for (const part of this.turn.parts) {
      const node = this.#part(part, now);
      if (part.kind === "question" && part.late) late.push(node);
      else nodes.push(node);
    }
    place(this.root, [...group(nodes), ...this.#answer(now), ...late]);
  }

  /** Forgets what was made in another language. */
  reset() {
    this.parts.clear();
    this.metaKey = null;
  }

  #part(part, now) {
    const key = JSON.stringify([part, part.kind === "said" && [this.turn.delivery, this.turn.error, now]]);
    const old = this.parts.get(part);
    if (old?.key === key) return old.node;
    const node = this.#make(part, now);
    this.parts.set(part, { key, node });
    return node;
  }

  #make(part, now) {
    switch (part.kind) {
      case "said": return this.#said(part, now);
      case "tool": return toolView(part);
      default: return questionView(part, this.actions.reply);
    }
  }

  #said(part, now) {
    return el("div", { class: "said" },
      el("span", { class: "sr-only", text: texts.say("thread.you") }),
      el("p", { class: "bubble", dir: "auto", "data-testid": "message-user", "data-state": this.turn.delivery, text: part.text }),
      el("div", { class: "meta" }, this.#delivery(now), this.turn.delivery === "failed" ? null : time(part.at)));
  }

  #delivery(now) {
    const { delivery, error, done } = this.turn;
    if (delivery === "failed") return this.#undelivered(error);
    const waits = delivery === "accepted" && !done && !now.running;
    const key = waits ? "queued" : delivery === "sending" ? (now.online ? "sending" : "offline") : null;
    return key && el("span", { class: "label", "data-testid": "delivery", "data-state": key, text: texts.say(`delivery.${key}`) });
  }

  #undelivered(error) {
    return el("span", { class: "undelivered", role: "alert", "data-testid": "undelivered", "data-code": error?.code },
      el("b", { text: texts.say("delivery.failed") }), el("span", { dir: "auto", text: error?.message ?? "" }),
      el("button", { type: "button", class: "text-button", "data-testid": "retry", text: texts.say("delivery.retry"), on: { click: () => this.actions.retry(this.turn) } }),
      el("button", { type: "button", class: "text-button", "data-testid": "discard", text: texts.say("delivery.discard"), on: { click: () => this.actions.discard(this.turn) } }));
  }

  /** The answer, what stands for it while there is none, and what is told below it. */
  #answer({ running }) {
    const { turn } = this;
    if (!turn.done && turn.text === "") {
      this.waiting.lastChild.className = turn.progress ? "label" : "sr-only";
      this.waiting.lastChild.textContent = turn.progress || texts.say("thread.thinking");
      return running && !turn.asking ? [this.waiting] : [];
    }
    renderText(this.body, turn.text);
    this.body.dataset.state = turn.done ? turn.done.state : "streaming";
    this.answer.dataset.state = this.body.dataset.state;
    this.body.hidden = turn.text === "";
    this.#meta();
    place(this.answer, [this.body, this.meta]);
    return [this.answer];
  }

  #meta() {
    const { done, answeredAt } = this.turn;
    const key = JSON.stringify([done, answeredAt]);
    if (key === this.metaKey) return;
    this.metaKey = key;
    this.meta.replaceChildren(...(done ? this.#told(done, answeredAt) : []));
  }

  #told(done, answeredAt) {
    return [
      outcome(done), ...labels(done),
      time(answeredAt ?? this.turn.said.at(-1)?.at),
      done.text === "" ? null : this.#copy(done.text),
      memories(done.memory),
    ].filter(Boolean);
  }

  #copy(text) {
    const button = iconButton("copy", texts.say("copy"), async () => {
      if (!await copy(text)) return;
      button.replaceChildren(icon("check"));
      button.title = texts.say("copied");
      button.setAttribute("aria-label", texts.say("copied"));
      setTimeout(() => {
        button.replaceChildren(icon("copy"));
        button.title = texts.say("copy");
        button.setAttribute("aria-label", texts.say("copy"));
      }, 2_000);
    }, { class: "icon-button small", "data-testid": "copy" });
    return button;
  }
}

/** How a turn ended, where it did not end as it should. */
function outcome(done) {
  if (done.state === "answered") return null;
  const words = texts.find(`done.${done.state}`, done.state);
  return el("span", { class: `outcome ${done.state}`, "data-testid": "outcome", "data-state": done.state, "data-code": done.code, text: words });
}

function labels(done) {
  const source = done.source === "model" && done.usage?.model ? done.usage.model : done.source && texts.find(`source.${done.source}`, done.source);
  return [
    source && el("span", { class: "label", "data-testid": "source", "data-source": done.source, text: source }),
    done.degraded && el("span", { class: "label degraded", "data-testid": "degraded", title: texts.say("done.degraded.why"), text: texts.say("done.degraded") }),
    done.memory_saved && el("span", { class: "label", "data-testid": "memory-saved", title: texts.say("done.saved.why"), text: texts.say("done.saved") }),
  ];
}

/** What was recalled for the answer, in the words in which it was kept. */
function memories(list) {
  if (!list?.length) return null;
  const items = list.map(({ quote, at }) => el("li", {}, el("q", { dir: "auto", text: quote }), time(at)));
  return el("details", { class: "memories", "data-testid": "memories" }, el("summary", { text: texts.say("done.memory") }), el("ul", {}, ...items));
}

function toolView(part) {
  const name = [part.plugin, part.tool].filter(Boolean).join(" · ").replaceAll("_", " ");
  return el("li", { class: "tool", "data-testid": "tool", "data-state": part.state, "data-plugin": part.plugin, "data-tool": part.tool },
    el("i", { class: "pip", "aria-hidden": "true" }),
    el("bdi", { class: "tool-name", text: name }),
    el("span", { class: "tool-state", text: texts.find(`tool.${part.state}`, part.state) }),
    part.summary ? el("bdi", { class: "tool-summary", text: part.summary }) : null);
}

function time(at) {
  const words = at ? texts.time(at) : "";
  return words ? el("time", { datetime: at, title: texts.moment(at), text: words }) : null;
}

/** Puts the tools that follow each other into one list. */
function group(nodes) {
  const out = [];
  for (const node of nodes) {
    if (!node.matches("li")) {
      out.push(node);
    } else if (out.at(-1)?.matches(".tools")) {
      out.at(-1).append(node);
    } else {
      const list = node.parentElement?.firstChild === node ? node.parentElement : el("ul", { class: "tools", "aria-label": texts.say("tools.label") });
      list.replaceChildren(node);
      out.push(list);
    }
  }
  return out;
}

/**
 * Makes nodes the children of a parent, moving only what is not in its place.
 * @param {Element} parent
 * @param {Element[]} nodes
 */
export function place(parent, nodes) {
  nodes.forEach((node, i) => {
    if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] ?? null);
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
}
