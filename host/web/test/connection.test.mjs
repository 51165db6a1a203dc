import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, backoff } from "../assets/connection.js";

const settle = () => new Promise(process.nextTick);

/** Connections on a clock that only the test moves. */
function rig(t, { signedIn = async () => true } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const sockets = [];
  class Socket {
    readyState = 1;
    sent = [];
    constructor(url, protocols) {
      Object.assign(this, { url, protocols });
      sockets.push(this);
    }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.closed = true; }
    hear(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
  }
  const states = [];
  const frames = [];
  const on = { state: (s) => states.push(s), frame: (f) => frames.push(f), hello: () => {} };
  const connection = new Connection({ url: "ws://x/ws", on, signedIn, socket: Socket, random: () => 1, now: () => Date.now() });
  return { connection, sockets, states, frames, pass: (ms) => t.mock.timers.tick(ms) };
}

test("it speaks jarvis.v1 and is ready after hello", (t) => {
  const { connection, sockets } = rig(t);
  connection.start();
  assert.deepEqual(sockets[0].protocols, ["jarvis.v1"]);
  assert.equal(connection.send({ type: "ping" }), false);
  sockets[0].hear({ type: "hello" });
  assert.equal(connection.send({ type: "say" }), true);
  assert.equal(connection.used, true);
});

test("a closed connection is opened again, later each time it fails", async (t) => {
  const { connection, sockets, pass } = rig(t);
  connection.start();
  for (const wait of [400, 800, 1600]) {
    sockets.at(-1).onclose({ code: 1006 });
    await settle();
    const before = sockets.length;
    pass(wait - 1);
    assert.equal(sockets.length, before);
    pass(1);
    assert.equal(sockets.length, before + 1);
  }
});

test("a host that is busy is left alone for longer", async (t) => {
  const { connection, sockets, pass } = rig(t);
  connection.start();
  sockets[0].hear({ type: "hello" });
  sockets[0].onclose({ code: 4429 });
  await settle();
  pass(19_999);
  assert.equal(sockets.length, 1);
  pass(1);
  assert.equal(sockets.length, 2);
});

test("a credential that no longer holds ends the tries", async (t) => {
  const { connection, sockets, states, pass } = rig(t, { signedIn: async () => false });
  connection.start();
  sockets[0].hear({ type: "hello" });
  sockets[0].onclose({ code: 1008 });
  await settle();
  pass(60_000);
  assert.equal(states.at(-1), "signed-out");
  assert.equal(sockets.length, 1);
});

test("a connection on which nothing comes is given up", async (t) => {
  const { connection, sockets, states, pass } = rig(t);
  connection.start();
  sockets[0].hear({ type: "hello" });
  pass(20_000);
  assert.deepEqual(sockets[0].sent, [{ type: "ping" }]);
  sockets[0].hear({ type: "pong" });
  pass(40_000);
  assert.equal(states.at(-1), "connected");
  pass(20_000);
  assert.equal(states.at(-1), "offline");
});

test("pongs and what is no JSON are nobody's frames", (t) => {
  const { connection, sockets, frames } = rig(t);
  connection.start();
  sockets[0].hear({ type: "hello" });
  sockets[0].hear({ type: "pong" });
  sockets[0].onmessage({ data: "{" });
  sockets[0].hear({ type: "delta" });
  assert.deepEqual(frames, [{ type: "delta" }]);
});

test("opening it again leaves the old socket silent", (t) => {
  const { connection, sockets } = rig(t);
  connection.start();
  sockets[0].hear({ type: "hello" });
  connection.send({ type: "say" });
  connection.start();
  assert.equal(sockets[0].closed, true);
  assert.equal(sockets[0].onmessage, null);
  assert.equal(connection.used, false);
});

test("waits are jittered and bounded", () => {
  assert.equal(backoff(0, () => 0), 200);
  assert.equal(backoff(0, () => 1), 400);
  assert.equal(backoff(50, () => 1), 20_000);
});
