// The conversation on screen. What stands there already stays, so that a screen reader reads only what is new.
import { choiceOf, inOrder, now } from "./conversation.js";
import { at, button, icon, make, write } from "./make.js";
import { dayOf, say, timeOf } from "./words.js";

const LINK = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi;
const nodes = new Map();
let atEnd = true;
let top = 0;

// Text with its addresses as links: http and https alone, and each says where it leads.
export function linked(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const address = found[0].replace(/[.,;:!?'")\]]+$/, "");
    try {
      new URL(address);
    } catch {
      continue;
    }
    parts.push(text.slice(end, found.index), make("a", { href: address, target: "_blank", rel: "noopener nofollow noreferrer" }, address));
    end = found.index + address.length;
  }
  return [...parts, text.slice(end)];
}

export function drawTalk({ outbox, pick, way }) {
  const log = at("log");
  const said = inOrder();
  const known = new Set(said.map((message) => message.client_id));
  const unsent = outbox.all().filter(({ id }) => !known.has(id));
  const lastOwn = [...said].reverse().find(({ kind }) => kind === "buyer");
  const wanted = [];
  let before = null;
  for (const message of [...said, ...unsent.map((entry) => ({ ...entry, kind: "buyer", client_id: entry.id, entry, local: entry.files }))]) {
    const date = new Date(message.at);
    const day = date.toDateString();
    if (!before || before.day !== day) wanted.push([`day ${day}`, day, () => make("p", { className: "day" }, dayOf(date))]);
    const first = !before || before.day !== day || before.kind !== message.kind || before.author !== message.author;
    const card = message.card && message.card.type === "offer" ? message.card : null;
    const chosen = card ? choiceOf(message.seq, outbox) : null;
    const { entry, local, files, text } = message;
    const shown = files && files.length ? files : local;
    const looks = JSON.stringify([text, first, chosen, message.kind, card && now.state.is, (shown || []).map(({ name }) => name), shown === local]);
    const key = message.client_id || message.seq;
    wanted.push([key, looks, () => draw(message, { first, chosen, date, shown, pick, way }), message, entry]);
    before = { day, kind: message.kind, author: message.author };
  }
  const keys = new Set(wanted.map(([key]) => key));
  for (const [key, { node }] of nodes) {
    if (keys.has(key)) continue;
    node.remove();
    nodes.delete(key);
  }
  let cursor = [...log.children].find((child) => !child.classList.contains("past")) || null;
  for (const [key, looks, build, message, entry] of wanted) {
    let held = nodes.get(key);
    if (!held || held.looks !== looks) {
      const node = build();
      if (held) {
        if (cursor === held.node) cursor = node;
        held.node.replaceWith(node);
      }
      held = { node, looks };
      nodes.set(key, held);
    }
    if (held.node === cursor) cursor = cursor.nextElementSibling;
    else log.insertBefore(held.node, cursor);
    if (message && message.kind === "buyer") mark(held.node, message, entry, outbox, message === lastOwn);
  }
  at("earlier").hidden = !now.hasEarlier || Boolean(log.querySelector(".past"));
  if (atEnd) toEnd();
}

function draw({ kind, author, text, card, seq }, { first, chosen, date, shown, pick, way }) {
  const node = make("div", { className: `message ${kind}${first ? " first" : ""}` });
  if (kind === "system") {
    node.append(make("p", { dir: "auto" }, ...linked(text)));
    return node;
  }
  const own = kind === "buyer";
  const name = own ? say("you") : author || say("agent");
  const time = make("time", { dateTime: date.toISOString(), title: date.toLocaleString() }, timeOf(date));
  const who = make("p", { className: "author" }, make("span", { dir: "auto", className: own ? "unseen" : "" }, name));
  if (kind === "bot") who.append(make("span", { className: "tag" }, say("bot")));
  if (first) node.append(who);
  else who.className = "author unseen", node.append(who);
  who.append(time);
  if (text) node.append(make("div", { className: "bubble", dir: "auto" }, ...linked(text)));
  if (shown && shown.length) later(node, import("./pictures.js"), ({ drawFiles }) => drawFiles(shown, way));
  if (card) later(node, import("./cards.js"), ({ drawCard }) => drawCard(card, { chosen, pick: (option) => pick(seq, option) }));
  return node;
}

// What most conversations don't have is loaded by those that do.
function later(node, loading, build) {
  const place = make("div", { className: "extra" });
  node.append(place);
  loading.then((module) => {
    place.replaceChildren(build(module) || "");
    if (atEnd) toEnd();
  });
}

// Under one's own words: what has become of them.
function mark(node, message, entry, outbox, last) {
  let line = node.querySelector(".mark");
  const { is, why, picture, progress } = standing(message, entry, outbox, last);
  if (!is) return void (line && line.remove());
  const looks = `${is} ${why}`;
  if (!line) node.append((line = make("div", { className: "mark" })));
  if (line.dataset.looks !== looks) {
    line.dataset.looks = looks;
    line.className = `mark ${is}`;
    line.replaceChildren(icon(picture), make("span", {}, say(is), why ? ` · ${why}` : ""));
    if (is === "failed") {
      const { id } = message;
      line.append(button(say("retry"), "plain", () => outbox.retry(id)), button(say("discard"), "plain", () => outbox.discard(id)));
    }
    if (entry && entry.files.length && is === "sending") line.append(make("progress", { max: 1, "aria-label": say("sending") }));
  }
  const bar = line.querySelector("progress");
  if (bar) bar.value = progress || 0;
}

function standing(message, entry, outbox, last) {
  if (entry) {
    if (entry.state === "failed") return { is: "failed", why: entry.why, picture: "alert" };
    return { is: outbox.isOpen() ? "sending" : "kept", picture: "clock", progress: entry.progress };
  }
  if (!last) return {};
  if (message.seq <= now.receipts.read) return { is: "read", picture: "checks" };
  return message.seq <= now.receipts.delivered ? { is: "delivered", picture: "checks" } : { is: "sent", picture: "check" };
}

// Another conversation began: what was said stays above it until the page is left.
export function archive(outbox) {
  const unsent = new Set(outbox.all().map(({ id }) => id));
  for (const [key, { node }] of nodes) {
    if (unsent.has(key)) continue;
    node.classList.add("past");
    nodes.delete(key);
  }
  const log = at("log");
  const past = [...log.children].filter((child) => child.classList.contains("past"));
  if (past.length) past[past.length - 1].after(make("p", { className: "day past" }, say("fresh")));
}

export function clearTalk() {
  nodes.clear();
  at("log").replaceChildren();
}

export function toEnd() {
  const scroller = at("scroller");
  scroller.scrollTop = scroller.scrollHeight;
  atEnd = true;
  at("jump").hidden = true;
}

// Older ones come in above without moving what is read.
export function holdingPlace(act) {
  const scroller = at("scroller");
  const below = scroller.scrollHeight - scroller.scrollTop;
  atEnd = false;
  act();
  scroller.scrollTop = scroller.scrollHeight - below;
}

export const cameNew = () => {
  if (!atEnd) at("jump").hidden = false;
};

export function showTyping(name) {
  const line = at("typing");
  line.hidden = !name;
  write(line.lastElementChild, name ? say("typing", { name }) : "");
  if (name && atEnd) toEnd();
}

export function startTalk() {
  const scroller = at("scroller");
  scroller.addEventListener(
    "scroll",
    () => {
      // A picture that came in moves the end away, and isn't the reader leaving it: that is upwards.
      if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40) atEnd = true;
      else if (scroller.scrollTop < top) atEnd = false;
      top = scroller.scrollTop;
      if (atEnd) at("jump").hidden = true;
    },
    { passive: true },
  );
  at("jump").addEventListener("click", toEnd);
  if (!window.ResizeObserver) return;
  const sizes = new ResizeObserver(() => atEnd && toEnd()); // a picture came, the keyboard rose
  sizes.observe(scroller);
  sizes.observe(at("content"));
}
