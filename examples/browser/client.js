// A client for pages of other origins: a ticket, a WebSocket, and what a
// conversation needs to go on where it was when the connection is lost.
const $ = (id) => document.getElementById(id);

let url;
let key;
let socket;
let session;
let seq = 0; // of the last durable frame
let said = 0;
let question; // that waits for an answer
const unheard = new Map(); // what was said and not accepted so far, by its id
const answers = new Map(); // the line of each turn, and how much of it is shown

function line(text, kind) {
  const p = document.createElement('div');
  p.className = kind ?? '';
  p.textContent = text;
  $('talk').append(p);
  return p;
}

/** Opens a socket with a ticket: a page of another origin has no cookie, and a key never rides in a URL. */
async function connect() {
  const answer = await fetch(`${url}/v1/ticket`, { method: 'POST', headers: { Authorization: `Bearer ${key}` } });
  if (!answer.ok) throw new Error((await answer.json()).error.message);
  const { ticket } = await answer.json();
  socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws?ticket=${encodeURIComponent(ticket)}`, 'jarvis.v1');
  socket.onmessage = (m) => show(JSON.parse(m.data));
  socket.onclose = () => setTimeout(again, 1000 * Math.random()); // so that not all come back at once
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('the host does not let this page in: is its origin allowed?'));
  });
  if (session) send({ type: 'resume', session, after: seq });
  for (const frame of unheard.values()) send(frame); // under its id it happens once
}

async function again() {
  try {
    await connect();
  } catch {
    setTimeout(again, 5000 * Math.random());
  }
}

const send = (frame) => socket.send(JSON.stringify(frame));

function show(f) {
  seq = Math.max(seq, f.seq ?? 0);
  switch (f.type) {
    case 'accepted':
      unheard.delete(f.id);
      if (!answers.has(f.turn)) {
        session = f.session;
        line(f.text, 'me');
        answers.set(f.turn, { line: line(''), shown: 0 });
      }
      break;
    case 'delta':
      write(f.turn, f.offset, f.text);
      break;
    case 'tool':
      if (f.state !== 'running') line(`${f.plugin}.${f.tool}: ${f.state}`, 'note');
      break;
    case 'question':
      question = f.question;
      line(f.text);
      break;
    case 'done':
      // A turn that nobody began: a plugin has something to say.
      if (!answers.has(f.turn)) answers.set(f.turn, { line: line(''), shown: 0 });
      write(f.turn, 0, f.text);
      answers.get(f.turn)?.line.setAttribute('data-state', f.state);
      break;
    case 'error':
      line(f.message, 'note');
      break;
    default: // hello, progress, notice, and what later hosts may say
  }
}

/** Shows what of a piece of text is new; offsets count code points. */
function write(turn, offset, text) {
  const a = answers.get(turn);
  const points = [...text];
  const skip = a ? a.shown - offset : -1;
  if (skip < 0 || skip >= points.length) return;
  a.line.textContent += points.slice(skip).join('');
  a.shown = offset + points.length;
}

$('connect').onsubmit = async (e) => {
  e.preventDefault();
  url = $('url').value.replace(/\/$/, '');
  key = $('key').value.trim();
  try {
    await connect();
    $('connect').hidden = true;
    $('say').hidden = false;
    $('text').focus();
  } catch (problem) {
    line(problem.message, 'note');
  }
};

$('say').onsubmit = (e) => {
  e.preventDefault();
  const text = $('text').value.trim();
  $('text').value = '';
  if (!text) return;
  if (question) {
    send({ type: 'reply', question, value: text });
    question = undefined;
    return;
  }
  said += 1;
  const frame = { type: 'say', id: `page-${said}-${Date.now()}`, text, session };
  unheard.set(frame.id, frame);
  send(frame);
};
