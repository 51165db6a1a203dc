import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { ModelBanner } from "./model-banner.js";
import { Notices } from "./notices.js";
import { Outbox } from "./outbox.js";
import { firstLanguage, showPreferences } from "./preferences.js";
import { Sidebar } from "./sidebar.js";
import { SignIn } from "./signin.js";
import { texts } from "./texts.js";
import { Thread } from "./thread.js";

const api = new Api();
const outbox = new Outbox(sessionStorage);
let me = {};
let draining = false;

const notices = new Notices((notice) => chat.acknowledge(notice));
const banner = new ModelBanner();
const thread = new Thread({
  retry: (turn) => chat.retry(turn),
  discard: (turn) => chat.discard(turn),
  reply: (question, value) => chat.reply(question, value),
  suggest: (text) => say(text),
  // Who is called as the role is has no name yet.
  name: () => (me.name === me.role ? "" : me.name ?? ""),
});
const composer = new Composer({ say, stop: () => chat.stop() });
const sidebar = new Sidebar({
  api,
  open: (session) => show(session),
  gone: (session) => chat.forget(session),
  failed: () => notices.problem(texts.say("failed.action")),
  listed: () => title(),
});
const signIn = new SignIn({ api, signedIn: enter });
const chat = new Chat({
  connection: (on) => new Connection({ url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, on, signedIn }),
  api, outbox, on: { hello, state, switched, changed, session, done, asked, error, gone, partial, notice: (frame) => notices.notice(frame), draining: () => drain(true) },
});
chat.known = () => sidebar.ids();

/** Whether the cookie holds; null when the host does not answer. */
async function signedIn() {
  try {
    me = await api.me();
    return true;
  } catch (failure) {
    return failure.status === 401 ? false : null;
  }
}

/** Shows the chat to whoever is signed in, and the form to others. */
async function enter() {
  if (await signedIn() === false) return signIn.show();
  signIn.hide();
  byId("who").textContent = me.name || me.user || me.id || "";
  show(addressed() ?? remembered());
  sidebar.refresh();
  chat.connection.start();
}

async function leave() {
  try {
    await api.logout();
  } catch (failure) {
    if (failure.status !== 401) return notices.problem(texts.say("failed.action"));
  }
  outbox.clear();
  remember(null);
  // A fresh page: nothing of this person's stays in it.
  location.replace("/");
}

function say(text) {
  thread.toEnd();
  chat.say(text);
}

function show(session) {
  chat.open(session);
  composer.focus();
}

// The conversation stands in the address, so that a reload and the browser's
// own buttons find it; the tab keeps it too, for an address without one.

/** The conversation that the address asks for. */
function addressed() {
  return /^#s=([a-z0-9_-]{1,64})$/.exec(location.hash)?.[1] ?? null;
}

function remembered() {
  try {
    return sessionStorage.getItem("jarvis.session") || null;
  } catch {
    return null;
  }
}

function remember(id) {
  try {
    sessionStorage.setItem("jarvis.session", id ?? "");
  } catch {
    // The address has it.
  }
}

function switched(conversation) {
  if (conversation.session !== addressed()) history.pushState(null, "", conversation.session ? `#s=${conversation.session}` : "/");
  remember(conversation.session);
  thread.show(conversation);
  sidebar.mark(conversation.session);
  changed(conversation);
  title();
}

function session(conversation) {
  sidebar.soon();
  if (conversation !== chat.current) return;
  history.replaceState(null, "", `#s=${conversation.session}`);
  remember(conversation.session);
  sidebar.mark(conversation.session);
}

function changed(conversation) {
  if (conversation !== chat.current) return;
  composer.running(conversation.running() !== null);
  banner.fold(conversation.session !== null || conversation.all().length > 0);
  thread.draw();
}

function hello(frame) {
  drain(false);
  composer.greeted(frame.limits?.message_chars, frame.model);
  banner.show(frame.model === null);
}

function state(now) {
  const node = byId("connection");
  node.dataset.state = draining && now !== "connected" ? "draining" : now;
  node.textContent = texts.find(`connection.${node.dataset.state}`, "");
  thread.online(now === "connected");
  if (now === "signed-out") signIn.show();
}

function drain(on) {
  draining = on;
  const node = byId("connection");
  node.dataset.state = on ? "draining" : chat.connection.state;
  node.textContent = texts.find(`connection.${node.dataset.state}`, "");
}

function done(conversation, turn) {
  sidebar.soon();
  if (conversation !== chat.current) return;
  const ended = turn.done.state === "answered" ? "" : texts.find(`done.${turn.done.state}`, "");
  if (turn.live) thread.announce(`${texts.say("thread.jarvis")} ${turn.done.text} ${ended}`);
}

function asked(conversation, turn) {
  const question = turn.asking;
  // A resume tells old questions too; those that are over are not read out.
  setTimeout(() => {
    if (conversation === chat.current && question && !question.closed) thread.announce(`${texts.say("thread.jarvis")} ${question.text}`);
  }, 300);
}

function error(frame) {
  if (frame.code === "unauthenticated") return signIn.show();
  notices.problem(frame.message, frame.code);
}

function gone(id) {
  sidebar.soon();
  if (chat.current.session === id) show(null);
}

function partial(conversation) {
  if (conversation === chat.current) thread.partial();
}

function title() {
  const words = chat.current.session ? sidebar.title(chat.current.session) : "";
  byId("title").textContent = words;
  document.title = words ? `${words} · Jarvis` : "Jarvis";
}

function listen() {
  byId("signout").addEventListener("click", leave);
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId(byId("app").hidden ? "signin-key" : "composer").focus();
  });
  addEventListener("popstate", () => {
    if (addressed() !== chat.current.session) show(addressed());
  });
  addEventListener("online", () => chat.connection.hurry());
  document.addEventListener("visibilitychange", () => document.hidden || chat.connection.hurry());
  document.addEventListener("keydown", (event) => {
    // In the search box Escape empties the box.
    const elsewhere = event.defaultPrevented || byId("ask").open || event.target === byId("search");
    if (event.key === "Escape" && !elsewhere) chat.stop();
  });
  texts.onchange(() => {
    drain(draining);
    title();
  });
}

await texts.use(firstLanguage());
showPreferences((lang) => {
  // The host's own sentences should follow; where it cannot, only the page does.
  if (byId("signin").hidden) api.setLanguage(lang).catch(() => {});
});
listen();
await enter();
