// Hears by socket that something changed, and then reads it. Heals itself: every connection begins with a look.
import { conversationNow, refreshFor, refreshMessages } from "./conversation.js";
import { refreshQueue } from "./queue.js";
import { say } from "./words.js";

const QUIET = 3000; // ms without a socket before it is mentioned
const POLL = 5000;
const LONGEST = 15000; // between two tries
const SAFETY = 15000; // a look without a reason: a socket can be dead without either side knowing

const desk = document.getElementById("desk");
const line = document.getElementById("connection");
let socket = null;
let tries = 0;
let retry = 0;
let downSince = 0;
const listeners = [];

// Told every frame: `hello` when a connection begins, then whatever comes.
export const onFrame = (listener) => listeners.push(listener);

// Whether it went out: what is lost with a connection is said again after the next `hello`, by whoever needs it.
export function send(frame) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

function lookAgain() {
  refreshQueue();
  refreshMessages();
}

function connect() {
  clearTimeout(retry);
  if (socket && socket.readyState <= WebSocket.OPEN) return;
  const address = new URL(desk.dataset.socket, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.addEventListener("message", hear);
  socket.addEventListener("close", closed);
}

function hear({ data }) {
  let hint;
  try {
    hint = JSON.parse(data);
  } catch {
    return;
  }
  if (hint.type === "hello") {
    tries = 0;
    downSince = 0;
    line.textContent = "";
    lookAgain();
  } else if (hint.type === "tickets.changed") {
    refreshQueue();
    const open = conversationNow()?.key;
    const about = hint.tickets.find(({ store, ticket }) => `${store}-${ticket}` === open);
    if (about) refreshFor(about.seq);
  }
  for (const listener of listeners) listener(hint);
}

function closed() {
  downSince ||= Date.now();
  const wait = Math.min(LONGEST, 500 * 2 ** tries) * (0.5 + Math.random() / 2);
  tries += 1;
  clearTimeout(retry);
  retry = setTimeout(connect, wait);
}

function watch() {
  if (!downSince || Date.now() - downSince < QUIET) return;
  line.textContent = say(navigator.onLine ? "reconnecting" : "offline");
}

export function startLive() {
  connect();
  setInterval(watch, 1000);
  setInterval(() => downSince && Date.now() - downSince >= QUIET && lookAgain(), POLL);
  setInterval(() => !document.hidden && lookAgain(), SAFETY);
  const back = () => {
    if (document.hidden) return;
    tries = 0;
    connect();
    lookAgain();
  };
  document.addEventListener("visibilitychange", back);
  window.addEventListener("online", back);
  window.addEventListener("pageshow", (event) => event.persisted && back());
}
