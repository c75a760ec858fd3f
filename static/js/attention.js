// The title's badge and the sound: for whoever has the desk in another tab.
import { conversationNow, onOpen } from "./conversation.js";
import { ringingNow, tilesNow } from "./chats.js";
import { onQueue } from "./queue.js";
import { say } from "./words.js";
import { announce, toast } from "./notice.js";

const APART = 4000; // ms between two sounds
const plain = document.title.split(" · ").at(-1);
const place = document.getElementById("queue-title").textContent;
const button = document.getElementById("sound");
let audio = null;
let last = 0;
let known = null;
let filters = "";
let overdue = 0;
let knownEscalated = null; // rows that were escalated to this lead, at the last look
let escalated = 0;
let knownChats = null; // ids of what rang and of what was given, at the last look

function wanted() {
  try {
    return localStorage.getItem("sound") !== "off";
  } catch {
    return true;
  }
}

function title() {
  const open = conversationNow();
  const count = overdue + ringingNow().filter((chat) => !chat.isOver).length; // one that is overdue is counted already
  document.title = `${count ? `(${count}) ` : ""}${open ? open.title : place} · ${plain}`;
}

function beep(high) {
  if (!audio || !wanted() || Date.now() - last < APART) return;
  last = Date.now();
  play(high ? [880, 660] : [660]);
}

function play(tones) {
  const start = audio.currentTime;
  for (const [i, tone] of tones.entries()) {
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = tone;
    volume.gain.setValueAtTime(0, start + i * 0.16);
    volume.gain.linearRampToValueAtTime(0.08, start + i * 0.16 + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + i * 0.16 + 0.15);
    source.connect(volume).connect(audio.destination);
    source.start(start + i * 0.16);
    source.stop(start + i * 0.16 + 0.16);
  }
}

// A chat that nobody has accepted rings until somebody does, at the desks that take chats.
function ring() {
  const online = document.getElementById("presence")?.dataset.status === "online";
  if (online && audio && wanted() && ringingNow().length) play([784, 1047, 784, 1047]);
}

function lookAtChats() {
  const given = tilesNow().filter((chat) => chat.isGiven);
  const now = [...ringingNow(), ...given];
  const fresh = knownChats ? now.filter((chat) => !knownChats.has(chat.id)) : [];
  knownChats = new Set(now.map((chat) => chat.id));
  for (const chat of fresh) {
    announce(say(chat.isGiven ? "given" : "rings", chat));
    if (chat.isGiven) toast({ text: say("given", chat), open: chat.href });
  }
  if (fresh.some((chat) => chat.isGiven) && audio && wanted()) play([784, 1047, 1319]);
  else if (fresh.length) ring();
}

// Of those beyond the first page only the number is known.
function lookAtEscalated() {
  const rows = [...document.querySelectorAll("#queue-rows > li[data-escalated]")];
  const fresh = knownEscalated ? rows.filter((row) => !knownEscalated.has(row.id)) : [];
  const before = escalated;
  escalated = Number(document.getElementById("queue").dataset.escalated) || 0;
  const isNews = knownEscalated && escalated > before;
  knownEscalated = new Set(rows.map((row) => row.id));
  if (!isNews) return;
  const [row] = fresh;
  const names = { name: row?.querySelector(".row-buyer").textContent, store: row?.querySelector(".store").textContent };
  const text = row ? say("escalated", names) : say("escalatedMore");
  announce(text);
  toast({ text, open: row?.querySelector("a[data-open]").href });
  if (audio && wanted()) play([880, 660, 880]);
}

function look() {
  const now = new Map();
  for (const row of document.querySelectorAll("#queue-rows > li")) now.set(row.id, row.dataset);
  lookAtChats();
  lookAtEscalated();
  const before = overdue;
  overdue = Number(document.getElementById("queue").dataset.overdue) || 0;
  title();
  const open = conversationNow();
  const same = filters === location.search; // other filters bring other rows, which are no news
  filters = location.search;
  let news = false;
  for (const [id, row] of now) {
    const watched = open && id === `r-${open.key}` && !document.hidden;
    const old = known?.get(id);
    if (known && row.kind === "buyer" && !watched && (old === undefined ? Number(row.seq) <= 2 : Number(row.seq) > old)) news = true;
  }
  known = new Map([...now].map(([id, row]) => [id, Number(row.seq)]));
  if (!same) return;
  if (overdue > before) beep(true);
  else if (news) beep(false);
}

function draw() {
  const on = wanted();
  button.setAttribute("aria-pressed", String(on));
}

export function startAttention() {
  overdue = Number(document.getElementById("queue").dataset.overdue) || 0;
  look();
  onQueue(look);
  onOpen(title);
  button.hidden = false;
  draw();
  button.addEventListener("click", () => {
    try {
      localStorage.setItem("sound", wanted() ? "off" : "on");
    } catch {}
    draw();
    announce(say(wanted() ? "soundOn" : "soundOff"));
    last = 0;
    if (wanted()) beep(false);
  });
  setInterval(ring, APART);
  const unlock = () => {
    audio ??= new AudioContext();
    audio.resume?.();
  };
  document.addEventListener("pointerdown", unlock, { once: true });
  document.addEventListener("keydown", unlock, { once: true });
}
