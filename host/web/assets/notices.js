import { byId, el, icon } from "./dom.js";
import { texts } from "./texts.js";

/**
 * Cards over the conversation: what the host has to tell outside of it, and
 * what it refused. A notice is acknowledged when the person takes it away, for
 * only then is it sure that someone saw it.
 */
export class Notices {
  #shown = new Map();

  /** @param {(notice: string) => boolean} acknowledge */
  constructor(acknowledge) {
    this.acknowledge = acknowledge;
  }

  /** Shows a notice, once however often it comes. */
  notice(frame) {
    if (this.#shown.has(frame.notice)) return;
    const kind = texts.find(`notice.${frame.kind}`, texts.say("notice.plugin"));
    const late = frame.late && frame.due ? texts.say("notice.late", { due: texts.time(frame.due) }) : "";
    const card = this.#card({ name: "bell", title: kind, text: frame.text, late, testid: "notice" }, () => {
      // Without a connection it stays: the host will tell it again anyway.
      if (!this.acknowledge(frame.notice)) return;
      this.#shown.delete(frame.notice);
      card.remove();
    });
    this.#shown.set(frame.notice, card);
  }

  /** Shows what went wrong; a second one takes the place of the first. */
  problem(text, code = "") {
    document.querySelector(".card.problem-card")?.remove();
    const card = this.#card({ name: "close", title: texts.say("error.title"), text, late: "", testid: "error", code }, () => card.remove());
    card.classList.add("problem-card");
  }

  /** Takes all away, as a sign-out must. */
  clear() {
    this.#shown.clear();
    byId("notices").replaceChildren();
  }

  #card({ name, title, text, late, testid, code }, dismiss) {
    const card = el("div", { class: "card", role: "alert", "data-testid": testid, "data-code": code },
      icon(name),
      el("div", { class: "card-text" }, el("b", { text: title }), el("p", { dir: "auto", text }), late ? el("p", { class: "soft", text: late }) : null),
      el("button", { type: "button", class: "text-button", "data-testid": `${testid}-dismiss`, text: texts.say(testid === "notice" ? "notice.ok" : "notice.close"), on: { click: dismiss } }));
    byId("notices").append(card);
    return card;
  }
}
