/** An answer of the host that is not a success. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 when there was no answer
   * @param {string} code of the error table
   * @param {string} message for the person
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// How much history is read at once, and how often at most: 20 × 200 messages.
const page = 200;
const pages = 20;

/** The routes of the host that the page uses. The cookie says who asks. */
export class Api {
  /** @param {typeof fetch} fetcher */
  constructor(fetcher = (...args) => fetch(...args)) {
    this.fetcher = fetcher;
  }

  me() { return this.#call("GET", "/v1/me"); }
  setLanguage(lang) { return this.#call("PATCH", "/v1/me", { lang }); }
  login(key) { return this.#call("POST", "/v1/login", { key }); }
  logout() { return this.#call("POST", "/v1/logout"); }

  sessions(after = "", limit = 30) {
    return this.#call("GET", `/v1/sessions?${new URLSearchParams({ limit, ...(after && { after }) })}`);
  }

  rename(session, title) { return this.#call("PATCH", `/v1/sessions/${encodeURIComponent(session)}`, { title }); }
  remove(session) { return this.#call("DELETE", `/v1/sessions/${encodeURIComponent(session)}`); }
  search(words) { return this.#call("GET", `/v1/search?${new URLSearchParams({ q: words })}`); }

  /**
   * Reads a conversation's messages, oldest first.
   * @returns {Promise<{items: object[], whole: boolean}>} whole: nothing was left out
   */
  async history(session) {
    const items = [];
    let after = "";
    for (let i = 0; i < pages; i++) {
      const query = new URLSearchParams({ limit: page, ...(after && { after }) });
      const part = await this.#call("GET", `/v1/sessions/${encodeURIComponent(session)}/messages?${query}`);
      items.push(...(part.items ?? []));
      if (!part.next) return { items, whole: true };
      after = part.next;
    }
    return { items, whole: false };
  }

  async #call(method, path, body) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await this.fetcher(path, {
        method, headers, credentials: "same-origin", cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new ApiError(0, "unavailable", "");
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw new ApiError(response.status, answer.error?.code ?? "", answer.error?.message ?? "");
  }
}
