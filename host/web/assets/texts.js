/**
 * What the page says, in the language that is shown. The sentences are data:
 * one JSON file for each language, with the same keys.
 */
class Texts {
  languages = ["en", "fr"];
  lang = "en";
  #table = {};
  #listeners = [];

  /** Changes to a language, all over the page. */
  async use(lang) {
    const response = await fetch(`/assets/texts/${lang}.json`);
    if (!response.ok) throw new Error(`read texts: ${response.status}`);
    this.#table = await response.json();
    this.lang = lang;
    document.documentElement.lang = lang;
    this.apply(document);
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after each change of the language. */
  onchange(listener) {
    this.#listeners.push(listener);
  }

  /**
   * Returns a sentence.
   * @param {string} key
   * @param {Object<string, string|number>} [values] for the {names} in it
   */
  say(key, values = {}) {
    return this.find(key, key).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
  }

  /** Returns a sentence, or what is given where there is none. */
  find(key, otherwise) {
    return this.#table[key] ?? otherwise;
  }

  /** Fills in the elements that name their sentences. */
  apply(root) {
    for (const node of root.querySelectorAll("[data-text]")) node.textContent = this.say(node.dataset.text);
    for (const node of root.querySelectorAll("[data-placeholder]")) node.placeholder = this.say(node.dataset.placeholder);
    for (const node of root.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", this.say(node.dataset.label));
      if (node.matches("button")) node.title = this.say(node.dataset.label);
    }
  }

  /** The language as this browser's person writes it: 24 hours or 12, for one. */
  get locale() {
    return (navigator.languages ?? []).find((tag) => tag.toLowerCase().startsWith(`${this.lang}-`)) ?? this.lang;
  }

  /** A number as it is written in the language. */
  number(value) {
    return new Intl.NumberFormat(this.locale).format(value);
  }

  /** The time of day, with the date unless it is today. */
  time(at, now = new Date()) {
    const date = new Date(at);
    if (Number.isNaN(date.getTime())) return "";
    const day = date.toDateString() === now.toDateString() ? {} : { day: "numeric", month: "short" };
    const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
    return new Intl.DateTimeFormat(this.locale, { hour: "2-digit", minute: "2-digit", ...day, ...year }).format(date);
  }

  /** The whole date and time. */
  moment(at) {
    const date = new Date(at);
    return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(this.locale, { dateStyle: "full", timeStyle: "medium" }).format(date);
  }
}

/** The texts of this page. */
export const texts = new Texts();
