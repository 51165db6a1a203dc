import { el } from "./dom.js";
import { texts } from "./texts.js";

/**
 * Shows a question: with its answers while it is open, and what was answered
 * after.
 * @param {import("./conversation.js").Question} part
 * @param {(part: object, value: any) => boolean} reply
 */
export function questionView(part, reply) {
  return el("div", { class: "question", role: "group", "aria-label": part.text, "data-testid": "question", "data-kind": part.ask, "data-state": part.closed ? "closed" : "open" },
    el("p", { class: "question-text", dir: "auto", text: part.text }),
    part.closed ? closed(part) : open(part, reply));
}

function closed(part) {
  const words = part.reply === undefined ? texts.say("question.over") : texts.say("question.replied", { value: spoken(part) });
  return el("p", { class: "soft", dir: "auto", text: words });
}

/** What was answered, in words. */
function spoken(part) {
  if (part.reply === true) return texts.say("question.yes");
  if (part.reply === false) return texts.say("question.no");
  return part.options.find((option) => option.value === part.reply)?.label ?? String(part.reply);
}

function open(part, reply) {
  const problem = el("p", { class: "problem", role: "alert" });
  const answer = (value) => {
    if (!reply(part, value)) problem.textContent = texts.say("question.offline");
  };
  return el("div", {}, part.ask === "text" && part.options.length === 0 ? field(answer) : buttons(part, answer), problem);
}

function buttons(part, answer) {
  const choices = part.ask === "confirm" && part.options.length === 0
    ? [{ value: true, label: texts.say("question.yes") }, { value: false, label: texts.say("question.no") }]
    : part.options;
  return el("div", { class: "row" }, ...choices.map(({ value, label }, i) =>
    el("button", { type: "button", class: i === 0 && part.ask === "confirm" ? "primary" : "quiet", dir: "auto",
      "data-testid": "question-option", "data-value": value, text: label, on: { click: () => answer(value) } })));
}

function field(answer) {
  const input = el("input", { type: "text", autocomplete: "off", dir: "auto", "data-testid": "question-text", "aria-label": texts.say("question.label") });
  const submit = (event) => {
    event.preventDefault();
    if (input.value.trim() !== "") answer(input.value.trim());
  };
  return el("form", { class: "row", on: { submit } }, input,
    el("button", { type: "submit", class: "primary", "data-testid": "question-send", text: texts.say("question.send") }));
}
