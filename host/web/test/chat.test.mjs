import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../assets/chat.js";
import { Outbox } from "../assets/outbox.js";

const at = "2026-03-01T08:00:00Z";
const accepted = (seq, turn, id, session = "s") => ({ type: "accepted", session, turn, seq, id, text: id, lang: "fr", at });

/** A connection whose other end is the test. */
class FakeConnection {
  state = "offline";
  used = false;
  sent = [];
  opened = 0;

  constructor(on) {
    this.on = on;
  }

  start() {
    this.opened++;
    this.state = "connecting";
    this.on.state(this.state);
  }

  async connect() {
    Object.assign(this, { state: "connected", used: false, sent: [] });
    this.on.state(this.state);
    this.on.hello({ type: "hello", model: null });
    await new Promise(setImmediate);
  }

  drop() {
    this.state = "offline";
    this.on.state(this.state);
  }

  send(frame) {
    if (this.state !== "connected") return false;
    this.used ||= frame.type === "say" || frame.type === "resume";
    this.sent.push(frame);
    return true;
  }

  types() {
    return this.sent.map((frame) => frame.type);
  }
}

class FakeStorage {
  #values = new Map();
  getItem(key) { return this.#values.get(key) ?? null; }
  setItem(key, value) { this.#values.set(key, value); }
}

function page({ storage = new FakeStorage(), api = {} } = {}) {
  const events = [];
  const on = new Proxy({}, { get: (_, name) => (...args) => events.push([name, ...args]) });
  const chat = new Chat({
    connection: (handlers) => new FakeConnection(handlers), outbox: new Outbox(storage), on,
    api: { history: async () => ({ items: [], whole: true }), sessions: async () => ({ items: [] }), ...api },
  });
  return { chat, wire: chat.connection, events, storage };
}

test("the first message makes a conversation, and its id comes with accepted", async () => {
  const { chat, wire, events } = page();
  await wire.connect();
  chat.say("bonjour");
  const [say] = wire.sent;
  assert.deepEqual({ ...say, id: "" }, { type: "say", id: "", text: "bonjour" });
  wire.on.frame(accepted(1, "t1", say.id, "new"));
  assert.equal(chat.current.session, "new");
  assert.ok(events.some(([name]) => name === "session"));
});

test("a second message said before the first was accepted waits for the conversation's id", async () => {
  const { chat, wire } = page();
  await wire.connect();
  chat.say("un");
  chat.say("deux");
  assert.equal(wire.sent.length, 1);
  wire.on.frame(accepted(1, "t1", wire.sent[0].id, "new"));
  assert.deepEqual(wire.sent.slice(1).map((f) => [f.type, f.text, f.session]), [["say", "deux", "new"]]);
});

test("a new conversation gets a connection of its own", async () => {
  const { chat, wire } = page();
  chat.open("old");
  await wire.connect();
  chat.open(null);
  chat.say("bonjour");
  assert.equal(wire.opened, 1);
  await wire.connect();
  assert.deepEqual(wire.sent.map((f) => [f.type, f.session]), [["say", undefined]]);
});

test("with another conversation on show, a message that begins one still goes out first", async () => {
  const { chat, wire } = page();
  chat.say("bonjour");
  chat.open("old");
  await wire.connect();
  assert.deepEqual(wire.sent.map((f) => [f.type, f.session]), [["say", undefined], ["resume", "old"]]);
  assert.equal(wire.opened, 0);
});

test("a message that was not accepted goes out again under its own id", async () => {
  const { chat, wire } = page();
  chat.open("s");
  await wire.connect();
  chat.say("bonjour");
  const first = wire.sent.at(-1);
  wire.drop();
  await wire.connect();
  assert.deepEqual(wire.sent.filter((f) => f.type === "say"), [first]);
  wire.on.frame(accepted(1, "t1", first.id));
  wire.drop();
  await wire.connect();
  assert.deepEqual(wire.types(), ["resume"]);
});

test("a message is sent once for each connection", async () => {
  const { chat, wire } = page();
  chat.open("s");
  await wire.connect();
  chat.say("un");
  chat.say("deux");
  assert.deepEqual(wire.sent.filter((f) => f.type === "say").map((f) => f.text), ["un", "deux"]);
});

test("what was not accepted outlives a reload, under the same id", async () => {
  const before = page();
  before.chat.open("s");
  before.chat.say("bonjour");
  const [turn] = before.chat.current.pending;
  const { chat, wire } = page({ storage: before.storage });
  chat.open("s");
  await wire.connect();
  assert.deepEqual(wire.types(), ["resume", "say"]);
  assert.equal(wire.sent[1].id, turn.said[0].id);
  assert.equal(chat.current.pending.length, 1);
});

test("a lost first message finds the conversation that it made", async () => {
  const api = {
    sessions: async () => ({ items: [{ id: "made" }, { id: "old" }] }),
    history: async (id) => ({ whole: true, items: id === "made" ? [{ id: "m", turn: "t1", role: "user", text: "bonjour", at }] : [] }),
  };
  const { chat, wire } = page({ api });
  chat.known = () => ["old"];
  await wire.connect();
  chat.say("bonjour");
  const { id } = wire.sent[0];
  wire.drop();
  await wire.connect();
  await new Promise(setImmediate);
  assert.deepEqual(wire.sent, [
    { type: "resume", session: "made", after: 0 }, { type: "say", id, text: "bonjour", session: "made" },
  ]);
});

test("after a reconnect the open answer goes on where it was", async () => {
  const { chat, wire } = page();
  chat.open("s");
  await wire.connect();
  wire.on.frame(accepted(1, "t1", "x"));
  wire.on.frame({ type: "delta", session: "s", turn: "t1", offset: 0, text: "Bon" });
  wire.drop();
  await wire.connect();
  assert.deepEqual(wire.sent, [{ type: "resume", session: "s", after: 1, turn: "t1", offset: 3 }]);
  wire.on.frame({ type: "delta", session: "s", turn: "t1", offset: 2, text: "njour" });
  assert.equal(chat.current.turns[0].text, "Bonjour");
});

test("a hole is asked for once", async () => {
  const { chat, wire } = page();
  chat.open("s");
  await wire.connect();
  wire.on.frame(accepted(1, "t1", "x"));
  for (const offset of [5, 6, 7]) wire.on.frame({ type: "delta", session: "s", turn: "t1", offset, text: "z" });
  assert.deepEqual(wire.types(), ["resume", "resume"]);
  wire.on.frame({ type: "done", session: "s", turn: "t1", seq: 2, text: "vrai", state: "answered" });
  assert.equal(chat.current.turns[0].text, "vrai");
});

test("a gap is filled from the history", async () => {
  let reads = 0;
  const api = { history: async () => {
    reads++;
    return { whole: true, items: [{ id: "m", turn: "t0", role: "user", text: "avant", at }] };
  } };
  const { chat, wire } = page({ api });
  await wire.connect();
  wire.on.frame({ type: "gap", session: "s", from: 1, to: 8 });
  await new Promise(setImmediate);
  assert.equal(reads, 1);
  chat.open("s");
  wire.on.frame(accepted(9, "t1", "après"));
  assert.deepEqual(chat.current.turns.map((t) => t.said[0].text), ["avant", "après"]);
});

test("an error that names a message marks it, and it can go out again under its id", async () => {
  const { chat, wire } = page();
  chat.open("s");
  await wire.connect();
  chat.say("trop");
  const { id } = wire.sent.at(-1);
  wire.on.frame({ type: "error", code: "rate_limited", message: "Doucement.", id });
  const [turn] = chat.current.pending;
  assert.equal(turn.delivery, "failed");
  chat.retry(turn);
  assert.equal(wire.sent.at(-1).id, id);
  assert.equal(turn.delivery, "sending");
});

test("where the host knows less than the page, the conversation is read anew", async () => {
  const { chat, wire } = page();
  chat.open("s");
  await wire.connect();
  wire.on.frame(accepted(1, "t1", "x"));
  wire.drop();
  await wire.connect();
  wire.on.frame({ type: "error", code: "invalid", field: "after", message: "?" });
  assert.deepEqual(wire.sent.at(-1), { type: "resume", session: "s", after: 0 });
  wire.on.frame(accepted(1, "t9", "y"));
  assert.deepEqual(chat.current.turns.map((turn) => turn.id), ["t9"]);
});

test("a stop that found nothing to stop is no error", async () => {
  const { chat, wire, events } = page();
  chat.open("s");
  await wire.connect();
  wire.on.frame(accepted(1, "t1", "x"));
  chat.stop();
  assert.deepEqual(wire.sent.at(-1), { type: "stop", session: "s" });
  wire.on.frame({ type: "error", code: "not_found", message: "rien" });
  assert.equal(events.some(([name]) => name === "error"), false);
});

test("a reply names the question and closes it", async () => {
  const { chat, wire } = page();
  chat.open("s");
  await wire.connect();
  wire.on.frame(accepted(1, "t1", "x"));
  wire.on.frame({ type: "question", session: "s", turn: "t1", seq: 2, question: "q", kind: "confirm", text: "?" });
  assert.equal(chat.reply(chat.current.turns[0].asking, true), true);
  assert.deepEqual(wire.sent.at(-1), { type: "reply", question: "q", value: true });
  assert.equal(chat.current.turns[0].asking, null);
});

test("a conversation that is gone is told of", async () => {
  const { chat, wire, events } = page({ api: { history: async () => { throw Object.assign(new Error(), { status: 404 }); } } });
  await wire.connect();
  chat.open("gone");
  wire.on.frame({ type: "error", code: "not_found", message: "?" });
  await new Promise(setImmediate);
  assert.deepEqual(events.filter(([name]) => name === "gone" || name === "error"), [["gone", "gone"]]);
});
