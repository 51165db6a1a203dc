import { byId, el, icon } from "./dom.js";
import { texts } from "./texts.js";

const commands = "ollama serve\nollama pull llama3.2:1b";

/** Tells plainly that no model is connected, what works all the same, and how to connect one. */
export class ModelBanner {
  #missing = false;
  #open = true;

  constructor() {
    texts.onchange(() => this.#draw());
  }

  /** @param {boolean} missing whether the host has no model */
  show(missing) {
    this.#missing = missing;
    this.#draw();
  }

  /** Folds it to one line beside a conversation, and unfolds it on an empty page. */
  fold(folded) {
    if (this.#open !== folded) return;
    this.#open = !folded;
    this.#draw();
  }

  #draw() {
    byId("banners").replaceChildren(...(this.#missing ? [this.#banner()] : []));
  }

  #banner() {
    const node = el("details", { class: "banner", "data-testid": "no-model" },
      el("summary", {}, icon("plug"), el("span", { text: texts.say("model.none") })),
      el("p", { text: texts.say("model.works") }),
      el("p", { text: texts.say("model.how") }),
      el("pre", { tabindex: "0" }, el("code", { text: commands })),
      el("p", { class: "soft", text: texts.say("model.config") }));
    node.open = this.#open;
    return node;
  }
}
