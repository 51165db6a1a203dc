import { Conversation } from "./conversation.js";
import { newId } from "./outbox.js";

// How long after it was said a message may be looked for in a new conversation.
const recent = 10 * 60_000;

/**
 * The conversations of this page and the connection that feeds them. It decides
 * what is sent when: resume first, then what was never accepted, each under its
 * own id.
 *
 * `on.switched(conversation)` another one is shown; `on.changed(conversation)`
 * something in it is new; `on.session(conversation)` the host gave it its id;
 * `on.done(conversation, turn)` a turn ended; `on.asked(conversation, turn)`
 * the host asks; `on.error(frame)` it refused something; `on.notice(frame)`,
 * `on.draining(frame)`; `on.gone(session)` there is no such conversation;
 * `on.partial(conversation)` it is too long to show whole.
 */
export class Chat {
  current = new Conversation();
  /** The host's `hello`, once it came. */
  hello = null;
  /** @type {() => string[]} the conversations there are */
  known = () => [];
  #connection;
  #api;
  #outbox;
  #on;
  #conversations = new Map();
  #drafts = new Map();
  #subscribed = new Set();
  #asked = new Set();
  #onWire = new Set();
  #stopping = false;

  /** @param {{connection: (on: object) => import("./connection.js").Connection}} parts */
  constructor({ connection, api, outbox, on }) {
    this.#api = api;
    this.#outbox = outbox;
    this.#on = on;
    this.#connection = connection({
      hello: (frame) => this.#ready(frame),
      frame: (frame) => this.#frame(frame),
      state: (state) => this.#state(state),
    });
    for (const entry of outbox.all()) this.#restore(entry);
  }

  get connection() {
    return this.#connection;
  }

  /**
   * Shows a conversation; null begins a new one.
   * @param {string|null} session
   */
  open(session) {
    this.current = session ? this.#conversation(session) : this.#fresh();
    this.#on.switched(this.current);
    if (!session) return;
    if (this.#connection.state === "connected" && !this.#subscribed.has(session)) this.#resume(this.current);
    this.readHistory(this.current);
  }

  /** Says something in the conversation that is shown. */
  say(text) {
    const conversation = this.current;
    const entry = { id: newId(), text, session: conversation.session, at: Date.now(), sent: false, known: this.known() };
    conversation.add(entry.id, text, new Date(entry.at).toISOString());
    this.#drafts.set(entry.id, conversation);
    this.#outbox.add(entry);
    this.#flush();
    this.#on.changed(conversation);
  }

  /** Sends again what the host refused, under the same id. */
  retry(turn) {
    const [said] = turn.said;
    turn.delivery = "sending";
    turn.error = null;
    this.#drafts.set(said.id, this.current);
    this.#outbox.add({
      id: said.id, text: said.text, session: this.current.session, at: Date.now(), sent: false, known: this.known(),
    });
    this.#flush();
    this.#on.changed(this.current);
  }

  /** Takes back what the host refused. */
  discard(turn) {
    this.current.remove(turn);
    this.#on.changed(this.current);
  }

  /** Ends the running turn and what is queued behind it. */
  stop() {
    if (!this.current.session || !this.current.running()) return;
    this.#stopping = this.#connection.send({ type: "stop", session: this.current.session });
  }

  /** Answers a question. It returns false when there is no connection. */
  reply(question, value) {
    if (!this.#connection.send({ type: "reply", question: question.question, value })) return false;
    this.current.replied(question, value);
    this.#on.changed(this.current);
    return true;
  }

  /** Tells the host that a notice reached a person. */
  acknowledge(notice) {
    return this.#connection.send({ type: "ack", notice });
  }

  /** Reads what the frames do not tell: old turns, and when answers came. */
  async readHistory(conversation) {
    try {
      const { items, whole } = await this.#api.history(conversation.session);
      conversation.merge(items);
      if (!whole) this.#on.partial(conversation);
      this.#on.changed(conversation);
    } catch (error) {
      if (error.status === 404) this.forget(conversation.session);
    }
  }

  /** Drops a conversation that is no more. */
  forget(session) {
    this.#conversations.delete(session);
    for (const entry of this.#outbox.all()) if (entry.session === session) this.#outbox.remove(entry.id);
    this.#on.gone(session);
  }

  #conversation(session) {
    let conversation = this.#conversations.get(session);
    if (!conversation) {
      conversation = new Conversation(session);
      this.#conversations.set(session, conversation);
    }
    return conversation;
  }

  /** A new conversation, unless the one that is shown is still empty. */
  #fresh() {
    return this.current.session || this.current.all().length > 0 ? new Conversation() : this.current;
  }

  /** Shows what an earlier life of the page said and the host did not accept. */
  #restore(entry) {
    const draft = entry.session ? this.#conversation(entry.session) : this.current;
    draft.add(entry.id, entry.text, new Date(entry.at).toISOString());
    this.#drafts.set(entry.id, draft);
  }

  #state(state) {
    if (state !== "connected") {
      for (const set of [this.#subscribed, this.#asked, this.#onWire]) set.clear();
    }
    this.#on.state(state);
  }

  async #ready(hello) {
    this.hello = hello;
    this.#on.hello(hello);
    for (const conversation of this.#conversations.values()) conversation.reopen();
    await this.#recover();
    // A message without a session must go out before anything gives the connection one.
    this.#flush();
    if (this.current.session && !this.#subscribed.has(this.current.session)) this.#resume(this.current);
  }

  #resume(conversation) {
    if (!this.#connection.send({ type: "resume", ...conversation.position() })) return;
    this.#subscribed.add(conversation.session);
  }

  /** Sends what is due: what begins a conversation first, then the rest in order. */
  #flush() {
    if (this.#connection.state !== "connected") return;
    const entries = this.#outbox.all();
    const first = entries.find((entry) => !entry.session);
    if (first && !this.#begin(first)) return;
    for (const entry of entries) if (entry.session) this.#send(entry);
  }

  /**
   * Says the first message of a conversation. Only a connection on which
   * nothing was said yet makes a new one, so it may have to be opened again;
   * then this returns false. What follows that message waits for the id.
   */
  #begin(entry) {
    if (this.#onWire.has(entry.id)) return true;
    if (this.#connection.used) {
      this.#connection.start();
      return false;
    }
    this.#say(entry, {});
    return true;
  }

  #send(entry) {
    if (this.#onWire.has(entry.id)) return;
    if (!this.#subscribed.has(entry.session)) this.#resume(this.#drafts.get(entry.id));
    this.#say(entry, { session: entry.session });
  }

  #say(entry, where) {
    if (!this.#connection.send({ type: "say", id: entry.id, text: entry.text, ...where })) return;
    this.#onWire.add(entry.id);
    this.#outbox.update(entry, { sent: true });
  }

  /**
   * Looks for the conversation that a lost first message may have made. Only
   * there does the host know the message's id; said anew it would run twice.
   */
  async #recover() {
    const lost = this.#outbox.all().filter((entry) => entry.sent && !entry.session && Date.now() - entry.at < recent);
    if (lost.length === 0) return;
    try {
      const { items } = await this.#api.sessions("", 5);
      for (const entry of lost) await this.#find(entry, items);
    } catch {
      // The list tells nothing; the message goes out as it did before.
    }
  }

  async #find(entry, sessions) {
    for (const { id } of sessions.filter((session) => !entry.known.includes(session.id))) {
      const { items } = await this.#api.history(id);
      const first = items.find((message) => message.role === "user");
      if (first && (first.id === entry.id || first.text === entry.text)) return this.#bind(this.#drafts.get(entry.id), id);
    }
  }

  /** Gives a new conversation its id. */
  #bind(conversation, session) {
    conversation.session = session;
    this.#conversations.set(session, conversation);
    for (const entry of this.#outbox.all()) {
      if (this.#drafts.get(entry.id) === conversation) this.#outbox.update(entry, { session });
    }
    this.#on.session(conversation);
  }

  #frame(frame) {
    switch (frame.type) {
      case "error": return this.#error(frame);
      case "notice": return this.#on.notice(frame);
      case "draining": return this.#on.draining(frame);
      case "gap": return this.#gap(frame);
      case "accepted": return this.#accepted(frame);
      case "delta": case "tool": case "question": case "done": return this.#apply(frame);
    }
  }

  #accepted(frame) {
    const draft = this.#drafts.get(frame.id);
    const bound = draft && draft.session === null && draft.unaccepted(frame.id);
    if (bound) {
      this.#subscribed.add(frame.session);
      this.#bind(draft, frame.session);
    }
    this.#outbox.remove(frame.id);
    this.#drafts.delete(frame.id);
    this.#apply(frame);
    this.#onWire.delete(frame.id);
    if (bound) this.#flush();
  }

  #apply(frame) {
    const conversation = this.#conversation(frame.session);
    const came = conversation.apply(frame);
    const turn = conversation.turns.find(({ id }) => id === frame.turn);
    if (came === "hole") return this.#askFor(conversation, frame);
    if (came === "known") return;
    if (frame.type === "done") {
      this.#stopping = false;
      this.#on.done(conversation, turn);
    }
    if (frame.type === "question") this.#on.asked(conversation, turn);
    this.#on.changed(conversation);
  }

  /** Asks once for what is missing before a frame. */
  #askFor(conversation, frame) {
    const { after, offset = 0 } = conversation.position();
    const hole = `${conversation.session} ${frame.type === "delta" ? `${frame.turn} ${offset}` : after}`;
    if (this.#asked.has(hole)) return;
    this.#resume(conversation);
    this.#asked.add(hole);
  }

  #gap(frame) {
    const conversation = this.#conversation(frame.session);
    conversation.gap(frame.to);
    this.readHistory(conversation);
  }

  #error(frame) {
    const draft = frame.id && this.#drafts.get(frame.id);
    const turn = draft && draft.unaccepted(frame.id);
    if (turn) {
      turn.delivery = "failed";
      turn.error = frame;
      this.#outbox.remove(frame.id);
      this.#drafts.delete(frame.id);
      this.#onWire.delete(frame.id);
      this.#on.changed(draft);
      return this.#flush();
    }
    // Nothing was left to stop: what the person wanted is so already.
    if (frame.code === "not_found" && this.#stopping) {
      this.#stopping = false;
      return;
    }
    if (frame.code === "not_found" && this.#unread()) return;
    if (frame.code === "invalid" && ["after", "offset"].includes(frame.field)) return this.#restart();
    this.#on.error(frame);
  }

  /** Begins again where the host knows less than the page, as after a restored backup. */
  #restart() {
    const { session } = this.current;
    const pending = this.current.pending;
    this.#conversations.delete(session);
    this.#subscribed.delete(session);
    const fresh = this.#conversation(session);
    fresh.pending = pending;
    for (const turn of pending) this.#drafts.set(turn.said[0].id, fresh);
    this.open(session);
  }

  /** Whether nothing came of the conversation yet; then its history tells that it is gone. */
  #unread() {
    return this.current.session !== null && this.current.lastSeq === 0;
  }
}
