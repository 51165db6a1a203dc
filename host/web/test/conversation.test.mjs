import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "../assets/conversation.js";

const at = "2026-03-01T08:00:00Z";
const accepted = (seq, turn, id, text = id) => ({ type: "accepted", session: "s", turn, seq, id, text, lang: "fr", at });
const delta = (turn, offset, text) => ({ type: "delta", session: "s", turn, offset, text });
const done = (seq, turn, text, state = "answered") => ({ type: "done", session: "s", turn, seq, text, state, source: "model" });
const tool = (seq, turn, call, state) => ({ type: "tool", session: "s", turn, seq, call, plugin: "weather", tool: "now", state });
const question = (seq, turn, call) => ({ type: "question", session: "s", turn, seq, question: `q${seq}`, kind: "confirm", text: "Sûr ?", call });

function with_(...frames) {
  const conversation = new Conversation("s");
  for (const frame of frames) conversation.apply(frame);
  return conversation;
}

const read = (conversation) => conversation.all().map((turn) => [turn.said.map((s) => s.text).join("|"), turn.text]);

test("what was said here becomes the accepted turn, not a second one", () => {
  const conversation = new Conversation("s");
  const turn = conversation.add("c1", "salut", at);
  conversation.apply(accepted(1, "t1", "c1", "salut"));
  assert.deepEqual(conversation.all(), [turn]);
  assert.equal(turn.delivery, "accepted");
});

test("frames that come twice count once", () => {
  const frames = [accepted(1, "t1", "c1"), delta("t1", 0, "bon"), tool(2, "t1", "a", "running"), tool(3, "t1", "a", "read"), done(4, "t1", "bonjour")];
  const conversation = with_(...frames, ...frames);
  assert.deepEqual(read(conversation), [["c1", "bonjour"]]);
  assert.equal(conversation.turns[0].parts.filter((p) => p.kind === "tool").length, 1);
  assert.equal(conversation.turns[0].parts[1].state, "read");
});

test("done is the truth, whatever the deltas were", () => {
  const conversation = with_(accepted(1, "t1", "c1"), delta("t1", 0, "abc"), done(2, "t1", "abcdef"));
  assert.equal(conversation.turns[0].text, "abcdef");
  conversation.apply(delta("t1", 6, "zzz"));
  assert.equal(conversation.turns[0].text, "abcdef");
});

test("a frame after a hole waits for what is missing", () => {
  const conversation = with_(accepted(1, "t1", "c1"));
  assert.equal(conversation.apply(done(3, "t1", "x")), "hole");
  assert.equal(conversation.turns[0].done, null);
  assert.equal(conversation.apply(tool(2, "t1", "a", "read")), "changed");
  assert.equal(conversation.apply(done(3, "t1", "x")), "changed");
});

test("a hole that a resume does not fill does not block for ever", () => {
  const conversation = with_(accepted(1, "t1", "c1"), done(3, "t1", "x"));
  assert.equal(conversation.apply(done(3, "t1", "x")), "changed");
});

test("the position tells the newest frame and how much of the open answer is there", () => {
  const conversation = with_(accepted(1, "t1", "c1"), done(2, "t1", "x"), accepted(3, "t2", "c2"), delta("t2", 0, "à 🌍"));
  assert.deepEqual(conversation.position(), { session: "s", after: 3, turn: "t2", offset: 3 });
  assert.deepEqual(new Conversation("s").position(), { session: "s", after: 0 });
});

test("the history and the frames of the same turns make each turn once", () => {
  const history = [
    { id: "m1", turn: "t1", role: "user", text: "c1", at },
    { id: "m2", turn: "t1", role: "assistant", text: "un", at, state: "answered" },
    { id: "m3", turn: "t2", role: "user", text: "c2", at },
  ];
  const frames = [accepted(1, "t1", "c1"), done(2, "t1", "un"), accepted(3, "t2", "c2"), delta("t2", 0, "deux")];
  const before = new Conversation("s");
  before.merge(history);
  for (const frame of frames) before.apply(frame);
  const after = with_(...frames);
  after.merge(history);
  after.merge(history);
  for (const conversation of [before, after]) assert.deepEqual(read(conversation), [["c1", "un"], ["c2", "deux"]]);
});

test("after a gap the history fills in what came before, in its order", () => {
  const conversation = with_();
  conversation.gap(4);
  conversation.apply(done(5, "t2", "deux"));
  conversation.apply(accepted(6, "t3", "c3"));
  conversation.merge([
    { id: "m1", turn: "t1", role: "user", text: "c1", at }, { id: "m2", turn: "t1", role: "assistant", text: "un", at, state: "stopped" },
    { id: "m3", turn: "t2", role: "user", text: "c2", at }, { id: "m4", turn: "t2", role: "assistant", text: "autre", at },
  ]);
  assert.deepEqual(read(conversation), [["c1", "un"], ["c2", "deux"], ["c3", ""]]);
  assert.equal(conversation.turns[0].done.state, "stopped");
});

test("a message that was accepted before a gap stops waiting", () => {
  const conversation = new Conversation("s");
  conversation.add("c1", "salut", at);
  conversation.gap(9);
  assert.equal(conversation.apply(accepted(1, "t1", "c1", "salut")), "changed");
  assert.equal(conversation.pending.length, 0);
  assert.deepEqual(read(conversation), [["salut", ""]]);
});

test("words added to a running turn belong to it", () => {
  const conversation = with_(accepted(1, "t1", "c1"), accepted(2, "t1", "c2"));
  assert.deepEqual(read(conversation), [["c1|c2", ""]]);
});

test("a question closes with what comes after it, not with another tool's call", () => {
  const conversation = with_(accepted(1, "t1", "c1"), question(2, "t1", "a"));
  const [turn] = conversation.turns;
  conversation.apply(tool(3, "t1", "b", "read"));
  assert.equal(turn.asking.question, "q2");
  conversation.apply(tool(4, "t1", "a", "executed"));
  assert.equal(turn.asking, null);
});

test("an open question is answered by the next words too", () => {
  const conversation = with_(accepted(1, "t1", "c1"), question(2, "t1"), accepted(3, "t2", "oui"));
  assert.equal(conversation.turns[0].asking, null);
});

test("a reply that may be lost opens its question again", () => {
  const conversation = with_(accepted(1, "t1", "c1"), question(2, "t1"));
  const part = conversation.turns[0].asking;
  conversation.replied(part, true);
  assert.equal(conversation.turns[0].asking, null);
  conversation.reopen();
  assert.equal(conversation.turns[0].asking, part);
});

test("options may be plain words", () => {
  const conversation = with_({ ...question(1, "t1"), options: ["a", { value: "b", label: "B" }] });
  assert.deepEqual(conversation.turns[0].asking.options, [{ value: "a", label: "a" }, { value: "b", label: "B" }]);
});

test("a place in the queue is shown while there is nothing else, and no frame is missed for it", () => {
  const conversation = with_(accepted(1, "t1", "c1"));
  assert.equal(conversation.apply({ type: "progress", session: "s1", turn: "t1", text: "place 2", position: 2 }), "changed");
  assert.equal(conversation.turns[0].progress, "place 2");
  assert.equal(conversation.turns[0].text, "");
  assert.equal(conversation.apply(done(2, "t1", "Hello")), "changed");
  assert.equal(conversation.apply({ type: "progress", session: "s1", turn: "t1", text: "place 1" }), "known");
});

test("what nobody asked for is a turn of its own, and ends no other", () => {
  const conversation = with_(accepted(1, "t1", "c1"), delta("t1", 0, "il "), done(2, "t9", "Le thé est prêt."), delta("t1", 3, "était"));
  assert.deepEqual(read(conversation), [["c1", "il était"], ["", "Le thé est prêt."]]);
  assert.equal(conversation.running().id, "t1");
  assert.deepEqual(conversation.position(), { session: "s", after: 2, turn: "t1", offset: 8 });
});
