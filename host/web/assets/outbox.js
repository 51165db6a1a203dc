/**
 * What was said and not yet accepted. It outlives a reload of the page, so that
 * each message goes out again under its own id until the host has it.
 *
 * @typedef {{id: string, text: string, session: string|null, at: number, sent: boolean, known: string[]}} Entry
 * `sent` tells that a connection may have carried it; `known` holds the
 * conversations there were before, for a message that makes a new one.
 */
export class Outbox {
  /** @type {Entry[]} */
  #entries;
  #storage;

  /** @param {Storage} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#entries = read(storage);
  }

  /** @returns {Entry[]} */
  all() {
    return [...this.#entries];
  }

  /** @returns {Entry|undefined} */
  get(id) {
    return this.#entries.find((entry) => entry.id === id);
  }

  /** @param {Entry} entry */
  add(entry) {
    this.#entries.push(entry);
    this.#write();
  }

  /** Keeps a change to an entry. */
  update(entry, change) {
    Object.assign(entry, change);
    this.#write();
  }

  remove(id) {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    this.#write();
  }

  /** Forgets everything, as a sign-out must. */
  clear() {
    this.#entries = [];
    this.#write();
  }

  #write() {
    try {
      this.#storage.setItem(key, JSON.stringify(this.#entries));
    } catch {
      // A full or forbidden storage costs the reload, not the message.
    }
  }
}

const key = "jarvis.outbox";

function read(storage) {
  try {
    const entries = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(entries) ? entries : [];
  } catch {
    return [];
  }
}

/** Makes a message's id: unguessable, and made without TLS too. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
