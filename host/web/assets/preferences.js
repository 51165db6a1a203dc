import { byId, icon } from "./dom.js";
import { texts } from "./texts.js";

/** Reads what this browser keeps; null when it keeps nothing. */
export function kept(name) {
  try {
    return localStorage.getItem(`jarvis.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a value in this browser, if it lets us. */
export function keep(name, value) {
  try {
    localStorage.setItem(`jarvis.${name}`, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}

/** The language to begin with: the one chosen here, else the browser's. */
export function firstLanguage() {
  const chosen = kept("lang");
  if (texts.languages.includes(chosen)) return chosen;
  const spoken = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2).toLowerCase());
  return spoken.find((tag) => texts.languages.includes(tag)) ?? "en";
}

/**
 * The two buttons for the theme and the language.
 * @param {(lang: string) => void} onlanguage the person chose a language
 */
export function showPreferences(onlanguage) {
  byId("theme").addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    keep("theme", next);
    document.documentElement.dataset.theme = next;
    label();
  });
  byId("lang").addEventListener("click", async () => {
    const next = texts.lang === "fr" ? "en" : "fr";
    keep("lang", next);
    await texts.use(next);
    onlanguage(next);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  texts.onchange(label);
  label();
  byId("preferences").hidden = false;
}

function dark() {
  return document.documentElement.dataset.theme === "dark";
}

function label() {
  const theme = byId("theme");
  const next = texts.say(dark() ? "theme.light" : "theme.dark");
  theme.replaceChildren(icon(dark() ? "sun" : "moon"));
  theme.title = next;
  theme.setAttribute("aria-label", next);
  const lang = byId("lang");
  lang.textContent = texts.lang === "fr" ? "EN" : "FR";
  lang.title = texts.say("lang.switch");
  lang.setAttribute("aria-label", texts.say("lang.other"));
  lang.lang = texts.lang === "fr" ? "en" : "fr";
}
