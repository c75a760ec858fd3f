// The conversation: what comes from the server, what the buyer does, and who is told of it.
import { draft, setDraft, startComposer } from "./composer.js";
import { begin, forget, inOrder, lowest, now, recall, remember, take, takeEarlier, takeOwn, unread } from "./conversation.js";
import { startFiles } from "./files.js";
import { drawHead, drawLine, noteState } from "./head.js";
import { makeLink } from "./link.js";
import { at } from "./make.js";
import { makeOutbox } from "./outbox.js";
import { guest } from "./page.js";
import { drawBadge, focusInside, isOpen, isSeen } from "./panel.js";
import { ring, startSound } from "./sound.js";
import { random, read, write } from "./store.js";
import { archive, cameNew, clearTalk, drawTalk, holdingPlace, showTyping, startTalk, toEnd } from "./talk.js";
import { language, say } from "./words.js";

const config = JSON.parse(at("config").textContent);
const QUIET = 2000; // ms without a connection before it is mentioned
const ANSWER = 20000; // ms for the form to be answered
const TYPING = 10000; // ms after which somebody no longer types, if nobody said so
const wantsForm = config.fields.length > 0 || config.consent;

let secret = read("secret") || renew();
let welcomed = false;
let asked = false; // the server wants the form, whatever we think
let ending = false;
let after = ""; // what stands below the conversation
let refused = null; // says in the form what is against it
let first = ""; // what is said with the form, sent when that was taken
let expired = 0;
let seen = "";
let typingTimer = 0;
let formTimer = 0;
let lineTimer = 0;

function renew() {
  const made = random(32);
  write("secret", made);
  return made;
}

const hello = () => ({
  type: "hello",
  v: 1,
  key: config.key,
  secret,
  language,
  page: guest.page,
  ...(guest.identity ? { identity: guest.identity } : {}),
  ...(now.id ? { conversation: now.id, have: now.have } : {}),
});

// Who asks for a file shows what a hello does.
const headers = () => ({
  Authorization: `Visitor ${config.key} ${secret}`,
  ...(guest.identity ? { Identity: guest.identity } : {}),
});

const link = makeLink({ config, hello, hear, changed });
const box = makeOutbox({ link, hello, hear, changed: () => draw() });
const outbox = {
  all: box.all,
  retry: box.retry,
  isOpen: link.isOpen,
  discard(id) {
    const { text } = box.drop(id);
    if (!draft()) setDraft(text);
    draw();
  },
};

// ---------------------------------------------------------------- on screen

function draw() {
  drawTalk({
    outbox,
    pick: (seq, { id, label }) => write_({ text: label, choice: { seq, option: id } }),
    way: { address: config.files, headers },
  });
  drawHead();
  drawAfter();
  drawBadge(unread());
}

function drawAfter() {
  const known = now.introduced || now.id || guest.identity;
  const offline = now.state.online ? now.state.full && "fullText" : "offlineText";
  const form = asked || (!known && (wantsForm || offline));
  const which = form ? `form ${offline}` : ending ? "end" : now.state.is === "ended" ? `rating ${now.rated}` : "";
  at("composer").hidden = Boolean(form);
  at("greeting").hidden = inOrder().length > 0;
  if (which === after) return;
  after = which;
  if (!which) return put();
  (form ? import("./form.js") : import("./rating.js")).then((module) => which === after && put(build(module)));

  function put(...shown) {
    const active = document.activeElement;
    const focused = active === at("panel") || at("after").contains(active) || (form && active === at("box"));
    at("after").replaceChildren(...shown);
    toEnd();
    if (which === "end") at("after").querySelector("button").focus();
    else if (focused && isOpen()) focusInside();
  }

  function build({ drawForm, refuseForm, drawEnd, drawRating }) {
    refused = refuseForm;
    if (form) return drawForm({ config, offline, text: draft(), submit: introduce, keep: setDraft });
    const answer = (yes) => {
      ending = false;
      if (yes) link.send({ type: "end" });
      drawAfter();
      at("box").focus();
    };
    if (ending) return drawEnd(() => answer(true), () => answer(false));
    return drawRating({
      rated: now.rated,
      rate: (score, comment) => link.send({ type: "rate", score, comment }),
      transcript: (email) => link.send({ type: "transcript", email }),
    });
  }
}

// ---------------------------------------------------------------- what the buyer does

function write_(message) {
  ending = false;
  toEnd();
  box.add(message);
  toEnd();
}

function introduce(fields, text) {
  first = text;
  const sent = { type: "introduce", fields, consent: true };
  link.send(sent);
  clearTimeout(formTimer);
  formTimer = setTimeout(() => refuse({ field: null, message: say("once") }), ANSWER);
}

const refuse = (frame) => {
  clearTimeout(formTimer);
  const form = at("after").querySelector("form.form");
  if (form) refused(form, frame);
};

function look() {
  if (isSeen()) now.read = Math.max(now.read, now.have);
  const frame = { type: "seen", delivered: now.have, read: now.read };
  if (!now.have || !link.isOpen() || seen === JSON.stringify(frame)) return;
  seen = JSON.stringify(frame);
  link.send(frame);
  remember(Boolean(guest.identity));
}

// Somebody reaches for it: the pointer is over the launcher, or the panel is opened.
export function reached() {
  link.start();
  look();
  draw();
  if (document.activeElement === at("panel")) focusInside();
}

export function identified(before) {
  if (before) restart(true); // signed out, or somebody else
  else link.restart();
}

// ---------------------------------------------------------------- what the server says

const heard = {
  welcome(frame) {
    welcomed = true;
    expired = 0;
    if (!frame.conversation && now.id) restart(false);
    switchTo(frame.conversation);
    const whole = now.have === 0;
    const items = frame.messages || [];
    const fresh = take(items);
    if (whole) now.hasEarlier = Boolean(frame.has_earlier);
    Object.assign(now, { introduced: Boolean(frame.introduced), rated: frame.rated });
    if (frame.introduced) asked = false;
    now.receipts = frame.receipts || now.receipts;
    came(fresh, items);
    if (frame.state) heard.state(frame.state);
  },
  messages({ conversation, items }) {
    switchTo(conversation);
    came(take(items), items);
  },
  sent(frame) {
    switchTo(frame.conversation);
    const entry = box.drop(frame.client_id);
    if (entry) takeOwn(entry, frame);
  },
  state(frame) {
    const before = now.state;
    now.state = { ...before, ...frame };
    if (welcomed) noteState(before, now.state);
    link.pace(now.state.is === "waiting" ? 8000 : 20000);
    if (now.state.is !== "with_agent") showTyping("");
  },
  receipts({ delivered, read: upTo }) {
    now.receipts = { delivered: delivered || 0, read: upTo || 0 };
  },
  typing({ on }) {
    clearTimeout(typingTimer);
    showTyping(on ? now.state.agent || say("agent") : "");
    if (on) typingTimer = setTimeout(showTyping, TYPING, "");
  },
  earlier({ items, has_earlier: more }) {
    holdingPlace(() => {
      takeEarlier(items, Boolean(more));
      draw();
    });
    at("earlier").disabled = false;
  },
  introduced() {
    clearTimeout(formTimer);
    now.introduced = true;
    asked = false;
    drawAfter();
    setDraft("");
    if (first) write_({ text: first });
    first = "";
    box.flush();
    if (isOpen()) at("box").focus();
  },
  rated({ score }) {
    now.rated = score;
  },
  transcript({ email }) {
    const told = at("mail-told");
    if (told) told.textContent = say("transcriptSent", { email });
  },
  refused(frame) {
    const { of, code, message } = frame;
    if (of === "hello") return refusedHello(code);
    if (code === "introduce_first") asked = true;
    if (of === "message") box.refused(frame);
    else if (of === "introduce") refuse(frame);
    else if (of === "transcript" && at("mail-told")) at("mail-told").textContent = message;
    else if (of !== "typing" && of !== "seen" && message) at("problem").textContent = message;
    at("earlier").disabled = false;
  },
};

function hear(frame) {
  const handle = Object.prototype.hasOwnProperty.call(heard, frame.type) && heard[frame.type];
  if (!handle) return; // unknown here: a later version's
  handle(frame);
  look();
  draw();
}

function refusedHello(code) {
  if (code === "version") return link.stop("version");
  if (code === "key") return link.stop("gone");
  if (code !== "expired" && code !== "secret") return; // it closes, and is tried again
  expired += 1;
  if (expired > 3) return link.stop("gone");
  restart(true);
}

// Nothing of what was said before is for whoever is here now. What was written and not sent stays.
function restart(anew) {
  forget();
  clearTalk();
  heard.state({ is: "idle", agent: null, place: null, wait_s: null });
  seen = "";
  if (!anew) return;
  secret = renew();
  link.restart();
}

function switchTo(id) {
  if (!begin(id)) return;
  seen = "";
  archive(outbox);
}

function came(fresh, items) {
  for (const { client_id: id } of items) if (id) box.drop(id);
  remember(Boolean(guest.identity));
  const theirs = fresh.filter(({ kind }) => kind !== "buyer");
  if (!theirs.length || !welcomed) return;
  showTyping("");
  cameNew();
  if (theirs.some(({ seq, kind }) => seq > now.read && kind !== "system") && !(isSeen() && document.hasFocus())) ring();
}

function changed(state) {
  clearTimeout(lineTimer);
  if (state === "open") {
    drawLine("");
    box.flush();
    look();
  } else if (state === "down") {
    box.hold();
    showTyping("");
    lineTimer = setTimeout(() => drawLine(say(navigator.onLine ? "reconnecting" : "offline")), navigator.onLine ? QUIET : 0);
  } else {
    drawLine(say(state), state);
    at("composer").hidden = true;
  }
}

// ---------------------------------------------------------------- start

if (!guest.identity) recall();
startFiles();
startComposer({ submit: write_, typing: (text) => now.id && link.send({ type: "typing", text }), preview: config.preview });
at("emoji-open").addEventListener("click", () => import("./emoji.js").then(({ startEmoji }) => startEmoji()), { once: true });
startSound(config.sound);
startTalk();
at("earlier").addEventListener("click", () => {
  at("earlier").disabled = true;
  link.send({ type: "earlier", before: lowest() });
});
at("end").addEventListener("click", () => {
  ending = true;
  drawAfter();
});
document.addEventListener("visibilitychange", () => {
  look();
  draw();
});

