import { byId } from "./dom.js";
import { texts } from "./texts.js";

/** The form that takes a key. The key is kept nowhere: the host answers with a cookie. */
export class SignIn {
  #problem = null;

  /** @param {{api: import("./api.js").Api, signedIn: () => Promise<void>}} parts */
  constructor({ api, signedIn }) {
    Object.assign(this, { api, signedIn });
    byId("signin-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    texts.onchange(() => this.#tell(this.#problem));
  }

  /** Shows the form, with the key of a sentence that tells what went wrong. */
  show(problem = null) {
    byId("app").hidden = true;
    byId("signin").hidden = false;
    this.#tell(problem);
    byId("signin-key").focus();
  }

  hide() {
    byId("signin").hidden = true;
    byId("app").hidden = false;
  }

  async #submit() {
    const input = byId("signin-key");
    const key = input.value.trim();
    if (key === "") return this.#refuse("signin.empty");
    try {
      await this.api.login(key);
    } catch (error) {
      return this.#refuse(reason(error), error.status === 429 ? error.message : "");
    }
    input.value = "";
    this.#tell(null);
    await this.signedIn();
  }

  #refuse(problem, words) {
    this.#tell(problem, words);
    byId("signin-key").select();
  }

  #tell(problem, words = "") {
    this.#problem = problem;
    byId("signin-error").textContent = words || (problem ? texts.say(problem) : "");
    byId("signin-key").setAttribute("aria-invalid", String(problem !== null));
  }
}

function reason(error) {
  if (error.status === 0) return "signin.unreachable";
  return [400, 401, 403].includes(error.status) ? "signin.wrong" : "signin.failed";
}
