import { byId } from "./dom.js";
import { texts } from "./texts.js";

/**
 * Asks the person, in a dialog.
 * @param {{title: string, text?: string, yes: string, value?: string, danger?: boolean}} question value: what stands in the field; without one there is no field
 * @returns {Promise<string|boolean|null>} what was written, true, or null for no
 */
export function ask({ title, text = "", yes, value, danger = false }) {
  const dialog = byId("ask");
  const input = byId("ask-input");
  byId("ask-title").textContent = title;
  byId("ask-text").textContent = text;
  byId("ask-text").hidden = text === "";
  byId("ask-no").textContent = texts.say("cancel");
  byId("ask-yes").textContent = yes;
  byId("ask-yes").classList.toggle("danger", danger);
  input.hidden = value === undefined;
  input.value = value ?? "";
  dialog.returnValue = "";
  dialog.showModal();
  if (value !== undefined) input.select();
  // What cannot be undone must not be what Enter does by chance.
  else byId("ask-no").focus();
  return answer(dialog, input, value !== undefined);
}

function answer(dialog, input, written) {
  return new Promise((resolve) => {
    byId("ask-no").onclick = () => dialog.close("");
    byId("ask-form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close("yes");
    };
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") resolve(null);
      else resolve(written ? input.value.trim() || null : true);
    };
  });
}
