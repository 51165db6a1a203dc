import { byId } from "./dom.js";
import { countPoints } from "./join.js";
import { texts } from "./texts.js";

// The share of the limit from which the counter is shown.
const close = 0.85;

const fine = matchMedia("(pointer: fine)");

/** The box in which messages are written. */
export class Composer {
  #limit = 4096;
  #model = "";

  /** @param {{say: (text: string) => void, stop: () => void}} actions */
  constructor(actions) {
    this.actions = actions;
    this.box = byId("composer");
    this.box.addEventListener("input", () => this.#changed());
    this.box.addEventListener("keydown", (event) => this.#key(event));
    byId("compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    byId("stop").addEventListener("click", () => {
      actions.stop();
      this.focus();
    });
    texts.onchange(() => this.#changed());
  }

  /** Takes the host's limit and the name of its model. */
  greeted(limit, model) {
    this.#limit = limit || this.#limit;
    this.#model = model ?? "";
    this.#changed();
  }

  /** Shows or hides the button that stops the answer. */
  running(running) {
    byId("stop").hidden = !running;
  }

  focus() {
    // On a phone the keyboard would cover what was just opened.
    if (fine.matches) this.box.focus({ preventScroll: true });
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#say();
  }

  #say() {
    const text = this.box.value.toWellFormed?.().trim() ?? this.box.value.trim();
    if (text === "" || countPoints(text) > this.#limit) {
      this.box.focus();
      return;
    }
    this.box.value = "";
    this.#changed();
    this.actions.say(text);
    this.focus();
  }

  #changed() {
    const count = countPoints(this.box.value.trim());
    const over = count - this.#limit;
    byId("send").disabled = count === 0 || over > 0;
    this.#tell("compose-problem", over > 0 ? texts.say("composer.long", { over: texts.number(over), limit: texts.number(this.#limit) }) : "");
    this.#tell("counter", count > this.#limit * close ? texts.say("composer.count", { count: texts.number(count), limit: texts.number(this.#limit) }) : "");
    // A phone's Enter key says itself what it does.
    const hint = fine.matches ? texts.say("composer.hint") : "";
    this.#tell("hint", [this.#model, hint].filter(Boolean).join(" · "));
    byId("counter").classList.toggle("over", over > 0);
    byId("hint").hidden = count > this.#limit * close;
    this.box.setAttribute("aria-invalid", String(over > 0));
    this.#grow();
  }

  #tell(id, text) {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }

  /** As high as what is written, within what the style allows. */
  #grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }
}
