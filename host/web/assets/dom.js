/** Makes elements. Text goes in as text, never as markup. */

const vector = "http://www.w3.org/2000/svg";

/**
 * Makes an element.
 * @param {string} tag
 * @param {Object<string, any>} [attributes] `on` holds listeners, `text` the text; null and false leave one out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "text") {
      node.textContent = value;
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * Makes one of the icons of index.html.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(vector, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(vector, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/**
 * Returns the element with an id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Makes a button that shows an icon and is named by its label.
 * @param {string} name the icon
 * @param {string} label
 * @param {() => void} onclick
 * @param {Object<string, any>} [attributes]
 */
export function iconButton(name, label, onclick, attributes = {}) {
  return el("button", {
    type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: onclick }, ...attributes,
  }, icon(name));
}

/**
 * Copies text. Away from loopback and TLS browsers offer no clipboard, so the
 * old way is kept for there.
 * @param {string} text
 * @returns {Promise<boolean>} whether it worked
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const area = el("textarea", { class: "sr-only", readonly: true, "aria-hidden": "true" });
  const focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}
