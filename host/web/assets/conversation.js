import { Joiner } from "./join.js";

// Milliseconds within which a resume brings the whole of a turn that is over. One
// that was open for longer ended while this page watched.
const replay = 500;

/**
 * One turn as the page knows it: what was said, and what became of it.
 *
 * Its parts stand in the order in which they happened; the answer's text comes
 * after them.
 * @typedef {{kind: "said", id: string, text: string, at: string}} Said
 * @typedef {{kind: "tool", call: string, plugin: string, tool: string, state: string, summary: string}} Tool
 * @typedef {{kind: "question", question: string, ask: string, text: string,
 *   options: {value: string, label: string}[], call: string, closed: boolean, reply: any, late: boolean}} Question
 */
export class Turn {
  /** @type {(Said|Tool|Question)[]} */
  parts = [];
  joined = new Joiner();
  /** The `done` frame, or what the history tells of it. */
  done = null;
  /** When the answer came, or null where nobody can tell. */
  answeredAt = null;
  /** @type {"sending"|"accepted"|"failed"} */
  delivery = "accepted";
  /** How the answer comes on while there is nothing of it, such as its place in a queue. */
  progress = "";
  /** Why it was not delivered: the `error` frame. */
  error = null;
  /** Whether this page watched it happen. */
  live = false;
  /** When this page first heard of it. */
  heard = Date.now();
  /** Whether what was said came from the history, which frames outdo. */
  remembered = false;

  constructor(id) {
    this.id = id;
  }

  /** The answer: what `done` says, and until then the deltas so far. */
  get text() {
    return this.done ? this.done.text : this.joined.text;
  }

  /** @returns {Said[]} */
  get said() {
    return this.parts.filter((part) => part.kind === "said");
  }

  /** The question the turn waits for, if any. */
  get asking() {
    return this.done ? null : this.parts.find((part) => part.kind === "question" && !part.closed) ?? null;
  }
}

/**
 * A conversation made of frames. Frames may come twice and deltas may overlap:
 * each counts once. It knows nothing of the page or the network.
 */
export class Conversation {
  /** Seq of the newest durable frame. */
  lastSeq = 0;
  /** @type {Turn[]} the turns that the host accepted, in its order */
  turns = [];
  /** @type {Turn[]} what was said here and not yet accepted */
  pending = [];
  #byId = new Map();
  #skipped = 0;

  /** @param {string|null} session null until the host made one */
  constructor(session = null) {
    this.session = session;
  }

  /** @returns {Turn[]} */
  all() {
    return [...this.turns, ...this.pending];
  }

  /** The turn that runs, if one does. */
  running() {
    return this.turns.find((turn) => !turn.done) ?? null;
  }

  /** Shows what was said before the host has it. */
  add(id, text, at) {
    const turn = new Turn(null);
    turn.delivery = "sending";
    turn.parts.push({ kind: "said", id, text, at });
    this.pending.push(turn);
    return turn;
  }

  /** Returns the pending turn that says a message. */
  unaccepted(id) {
    return this.pending.find((turn) => turn.said[0].id === id) ?? null;
  }

  /** Takes back what was not accepted. */
  remove(turn) {
    this.pending = this.pending.filter((other) => other !== turn);
  }

  /**
   * Takes a frame of this session.
   * @returns {"changed"|"known"|"hole"} hole: something before it is missing, and it was not taken
   */
  apply(frame) {
    if (frame.type === "delta") return this.#delta(frame);
    if (frame.type === "progress") return this.#progress(frame);
    if (frame.seq <= this.lastSeq) return this.#again(frame);
    if (!this.#next(frame.seq)) return "hole";
    this.lastSeq = frame.seq;
    switch (frame.type) {
      case "accepted": this.#accepted(frame); break;
      case "tool": this.#tool(this.#turn(frame.turn), frame); break;
      case "question": this.#question(this.#turn(frame.turn), frame); break;
      case "done": this.#done(this.#turn(frame.turn), frame); break;
    }
    return "changed";
  }

  /** Takes note that frames up to one are no longer kept. */
  gap(to) {
    this.lastSeq = Math.max(this.lastSeq, to);
  }

  /**
   * Merges messages of the history with what the frames told: turns come in
   * the history's order, and what a frame said stands.
   */
  merge(messages) {
    const order = new Set();
    const filled = new Set();
    for (const message of messages) {
      const turn = this.#turn(message.turn);
      order.add(turn);
      if (message.role === "user") this.#rememberSaid(turn, message, filled);
      else this.#rememberAnswer(turn, message);
    }
    this.turns = [...order, ...this.turns.filter((turn) => !order.has(turn))];
  }

  /** What `resume` should ask for. */
  position() {
    const open = this.running();
    const position = { session: this.session, after: this.lastSeq };
    return open && open.joined.length > 0 ? { ...position, turn: open.id, offset: open.joined.length } : position;
  }

  /** Takes note of what was answered here. */
  replied(question, value) {
    question.closed = true;
    question.reply = value;
    for (const turn of this.turns) turn.live ||= turn.parts.includes(question);
  }

  /** Opens the questions again whose reply may have been lost with the connection. */
  reopen() {
    for (const turn of this.turns) {
      const last = turn.parts.at(-1);
      if (!turn.done && last?.kind === "question" && last.reply !== undefined) {
        last.closed = false;
        last.reply = undefined;
      }
    }
  }

  /** A frame that was counted already tells only that a message said twice was accepted. */
  #again(frame) {
    if (frame.type !== "accepted" || !this.unaccepted(frame.id)) return "known";
    this.#accepted(frame);
    return "changed";
  }

  /** Whether a durable frame is the next one. One that a resume brings again in spite of a hole is taken. */
  #next(seq) {
    if (seq !== this.lastSeq + 1 && seq !== this.#skipped) {
      this.#skipped ||= seq;
      return false;
    }
    this.#skipped = 0;
    return true;
  }

  #turn(id) {
    let turn = this.#byId.get(id);
    if (!turn) {
      turn = new Turn(id);
      this.#byId.set(id, turn);
      this.turns.push(turn);
    }
    return turn;
  }

  #accepted(frame) {
    this.#answeredByWords();
    const mine = this.unaccepted(frame.id);
    if (mine && !this.#byId.has(frame.turn)) {
      mine.id = frame.turn;
      mine.live = true;
      this.#byId.set(frame.turn, mine);
      this.turns.push(mine);
    }
    if (mine) this.remove(mine);
    const turn = this.#turn(frame.turn);
    if (turn.remembered) turn.parts = turn.parts.filter((part) => part.kind !== "said");
    turn.remembered = false;
    turn.delivery = "accepted";
    turn.error = null;
    const said = turn.said.find((part) => part.id === frame.id);
    if (said) Object.assign(said, { text: frame.text, at: frame.at });
    else turn.parts.push({ kind: "said", id: frame.id, text: frame.text, at: frame.at });
  }

  /** What is said next answers an open question too. */
  #answeredByWords() {
    for (const turn of this.turns) if (turn.asking) turn.asking.closed = true;
  }

  #delta(frame) {
    const turn = this.#turn(frame.turn);
    if (turn.done) return "known";
    const came = turn.joined.add(frame.offset, frame.text);
    if (came === "grown") turn.live = true;
    return came === "grown" ? "changed" : came;
  }

  #progress(frame) {
    const turn = this.#turn(frame.turn);
    if (turn.done) return "known";
    turn.progress = frame.text ?? "";
    return "changed";
  }

  #tool(turn, frame) {
    this.#close(turn, (question) => question.call === frame.call || !question.call);
    const { call, plugin, tool, state, summary = "" } = frame;
    const known = turn.parts.find((part) => part.kind === "tool" && part.call === call);
    if (known) Object.assign(known, { state, summary: summary || known.summary });
    else turn.parts.push({ kind: "tool", call, plugin, tool, state, summary });
  }

  #question(turn, frame) {
    this.#close(turn, () => true);
    turn.parts.push({
      kind: "question", question: frame.question, ask: frame.kind, text: frame.text, call: frame.call ?? "",
      options: (frame.options ?? []).map(option), closed: false, reply: undefined, late: turn.joined.length > 0,
    });
  }

  #done(turn, frame) {
    this.#close(turn, () => true);
    turn.done = frame;
    turn.live ||= Date.now() - turn.heard > replay;
    if (turn.live) turn.answeredAt ??= new Date().toISOString();
  }

  #close(turn, which) {
    for (const part of turn.parts) if (part.kind === "question" && which(part)) part.closed = true;
  }

  #rememberSaid(turn, message, filled) {
    const mine = turn.remembered && !filled.has(turn);
    if (turn.said.length > 0 && !turn.remembered) return;
    if (mine) turn.parts = turn.parts.filter((part) => part.kind !== "said");
    turn.remembered = true;
    filled.add(turn);
    const said = { kind: "said", id: message.id, text: message.text, at: message.at };
    turn.parts.splice(turn.said.length, 0, said);
  }

  #rememberAnswer(turn, message) {
    turn.answeredAt = message.at;
    turn.done ??= { text: message.text, state: message.state || "answered" };
  }
}

/** An option may be a plain word. */
function option(raw) {
  return typeof raw === "object" ? { value: raw.value, label: raw.label || raw.value } : { value: raw, label: String(raw) };
}
