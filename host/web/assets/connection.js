const subprotocol = "jarvis.v1";

// Milliseconds. A connection on which nothing came for `silence` is dead, even
// if the system has not noticed; the pings keep a living one from being silent.
const times = { first: 400, most: 20_000, hello: 10_000, ping: 20_000, silence: 45_000 };

// Close codes after which trying at once would only make it worse.
const busy = { 1013: 3_000, 4429: 20_000 };

/**
 * Milliseconds to wait before a try: doubling, with jitter, so that a host that
 * comes back is not met by everyone at once.
 * @param {number} tries how many failed before
 * @param {() => number} random
 */
export function backoff(tries, random = Math.random) {
  const most = Math.min(times.most, times.first * 2 ** tries);
  return most / 2 + (most / 2) * random();
}

/**
 * One WebSocket to the host at a time, opened again when it closes.
 *
 * `on.hello` tells of a connection that is ready, `on.frame` of any other
 * frame, `on.state` of "connecting", "connected", "offline" or "signed-out".
 * `signedIn` asks the host whether the cookie still holds, because a browser
 * does not say why a WebSocket failed.
 */
export class Connection {
  /** @type {"connecting"|"connected"|"offline"|"signed-out"|"stopped"} */
  state = "stopped";
  /** Whether anything was said on the open connection; then it has a session of its own. */
  used = false;
  #socket = null;
  #tries = 0;
  #timer = null;
  #pulse = null;
  #heard = 0;

  constructor({ url, on, signedIn, socket = WebSocket, random = Math.random, now = Date.now }) {
    Object.assign(this, { url, on, signedIn, socket, random, now });
  }

  /** Connects, now. */
  start() {
    this.#drop();
    this.#open();
  }

  /** Ends the connection and tries no more. */
  stop() {
    this.#drop();
    this.#become("stopped");
  }

  /** Leaves the wait between two tries, as when the network comes back. */
  hurry() {
    if (this.state === "offline") this.start();
  }

  /** Sends a frame. It returns false when there is no connection. */
  send(frame) {
    if (this.state !== "connected" || this.#socket.readyState !== 1) return false;
    this.used ||= frame.type === "say" || frame.type === "resume";
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #open() {
    this.#become("connecting");
    this.used = false;
    const socket = new this.socket(this.url, [subprotocol]);
    this.#socket = socket;
    socket.onmessage = (event) => this.#message(event.data);
    socket.onclose = (event) => this.#closed(event.code);
    this.#timer = setTimeout(() => this.#closed(0), times.hello);
  }

  #message(data) {
    this.#heard = this.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.type === "hello") this.#greeted(frame);
    else if (frame.type !== "pong") this.on.frame(frame);
  }

  #greeted(frame) {
    clearTimeout(this.#timer);
    this.#tries = 0;
    this.#become("connected");
    this.#pulse = setInterval(() => this.#beat(), times.ping);
    this.on.hello(frame);
  }

  #beat() {
    if (this.now() - this.#heard > times.silence) this.#closed(0);
    else this.send({ type: "ping" });
  }

  async #closed(code) {
    const greeted = this.state === "connected";
    this.#drop();
    this.#become("offline");
    if (!greeted || code === 1008) {
      const socket = this.#socket;
      const signedIn = await this.signedIn();
      if (this.#socket !== socket || this.state !== "offline") return;
      if (signedIn === false) return this.#become("signed-out");
    }
    this.#timer = setTimeout(() => this.#open(), Math.max(busy[code] ?? 0, backoff(this.#tries++, this.random)));
  }

  #drop() {
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    if (!this.#socket) return;
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #become(state) {
    this.state = state;
    this.on.state(state);
  }
}
