// The conversation as far as this page knows it: messages by number, where it stands, and what has been read.
import { read, write } from "./store.js";

const KEPT = 50; // messages, so that the next page shows them at once

export const now = { id: null, have: 0, read: 0, messages: new Map(), hasEarlier: false, introduced: false, rated: null };
now.state = { is: "idle", online: true, agent: null, place: null, wait_s: null };
now.receipts = { delivered: 0, read: 0 };

export const inOrder = () => [...now.messages.values()].sort((a, b) => a.seq - b.seq);

export function recall() {
  const kept = read("talk");
  if (!kept || !Array.isArray(kept.messages)) return;
  Object.assign(now, { id: kept.id, have: kept.have, hasEarlier: kept.hasEarlier, introduced: kept.introduced, read: kept.read });
  for (const message of kept.messages) now.messages.set(message.seq, message);
}

// Not of somebody who is signed in at the shop: the next one at this screen may be another.
export function remember(identified) {
  const messages = inOrder().slice(-KEPT);
  const { id, have, introduced } = now;
  const hasEarlier = now.hasEarlier || now.messages.size > KEPT;
  write("talk", identified || !id ? null : { id, have, read: now.read, introduced, hasEarlier, messages });
}

export function forget() {
  Object.assign(now, { id: null, have: 0, read: 0, hasEarlier: false, introduced: false, rated: null });
  now.messages.clear();
  now.receipts = { delivered: 0, read: 0 };
  write("talk", null);
}

// True when it is another conversation than the one before.
export function begin(id) {
  if (!id || id === now.id) return false;
  const another = now.id !== null;
  if (another) now.messages.clear();
  Object.assign(now, { id, have: 0, hasEarlier: false, rated: null });
  if (another) Object.assign(now, { read: 0, receipts: { delivered: 0, read: 0 } });
  return another;
}

// Those that are news. Only what the server lists moves `have`: an answer to what one wrote may overtake what came before.
export function take(items) {
  const fresh = items.filter((item) => item.seq > now.have && !(now.messages.get(item.seq) || {}).listed);
  for (const item of items) {
    now.messages.set(item.seq, { ...item, listed: true });
    now.have = Math.max(now.have, item.seq);
  }
  return fresh;
}

export function takeEarlier(items, hasEarlier) {
  for (const item of items) now.messages.set(item.seq, { ...item, listed: true });
  now.hasEarlier = hasEarlier;
}

export function takeOwn(entry, { seq, at }) {
  if (now.messages.has(seq)) return;
  const { id, text, choice, files } = entry;
  const card = choice ? { type: "choice", ...choice } : null;
  now.messages.set(seq, { seq, kind: "buyer", author: "", text, at, client_id: id, card, files: [], local: files });
}

export const unread = () => inOrder().filter(({ seq, kind }) => seq > now.read && kind !== "buyer" && kind !== "system").length;
export const lowest = () => Math.min(...now.messages.keys());

// Which option of an offer was taken, if any.
export function choiceOf(seq, outbox) {
  for (const { card } of now.messages.values()) if (card && card.type === "choice" && card.seq === seq) return card.option;
  const written = outbox.all().find(({ choice }) => choice && choice.seq === seq);
  return written ? written.choice.option : null;
}
