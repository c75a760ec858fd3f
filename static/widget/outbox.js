// What the buyer has written and the server has not yet answered. Kept over a reload, said again until it is answered:
// the same client_id makes one message of it, however often and from however many tabs it is said.
import { names, random, read, write } from "./store.js";
import { say } from "./words.js";

const ANSWER = 20000; // ms to wait for an answer while the connection stands
const AGAIN = { too_fast: 1200, unavailable: 3000 }; // codes after which it says it again by itself
const MOST = 5;

export function makeOutbox({ link, hello, hear, changed }) {
  const entries = new Map();
  for (const id of names("out:")) {
    const kept = read(`out:${id}`);
    if (kept && typeof kept.text === "string") entries.set(id, { ...kept, id, files: [], state: "sending", tries: 0 });
  }

  function add({ text, choice = null, files = [] }) {
    const id = random(12);
    const entry = { id, text, choice, files, at: new Date().toISOString(), state: "sending", tries: 0, progress: 0 };
    entries.set(id, entry);
    keep(entry);
    say_(entry);
    changed();
    return entry;
  }

  // A file can't be kept by the browser: such a message lives as long as the page.
  function keep({ id, text, choice, files, at }) {
    if (!files.length) write(`out:${id}`, { text, choice, at });
  }

  function say_(entry) {
    clearTimeout(entry.timer);
    entry.state = "sending";
    entry.why = "";
    if (!link.isOpen() || entry.busy) return;
    const frame = { type: "message", client_id: entry.id, text: entry.text };
    if (entry.choice) frame.choice = entry.choice;
    if (entry.files.length) return upload(entry, frame);
    entry.timer = setTimeout(() => fail(entry, say("noAnswer")), ANSWER);
    link.send(frame);
  }

  async function upload(entry, frame) {
    entry.busy = true;
    try {
      const answers = await link.post([hello(), frame], entry.files, (part) => {
        entry.progress = part;
        changed();
      });
      entry.busy = false;
      answers.forEach(hear);
      if (entries.has(entry.id) && entry.state === "sending" && !entry.timer) fail(entry, "");
    } catch (error) {
      entry.busy = false;
      refused({ ...error, client_id: entry.id });
    }
  }

  function fail(entry, why) {
    clearTimeout(entry.timer);
    entry.state = "failed";
    entry.why = why;
    changed();
  }

  function drop(id) {
    const entry = entries.get(id);
    if (!entry) return null;
    clearTimeout(entry.timer);
    entries.delete(id);
    write(`out:${id}`, null);
    return entry;
  }

  function refused({ client_id: id, code, message }) {
    const entry = entries.get(id);
    if (!entry) return;
    clearTimeout(entry.timer);
    if (code === "offer_answered") drop(id);
    else if (code === "introduce_first") entry.state = "sending"; // it goes out when the form is filled in
    else if (AGAIN[code] && entry.tries < MOST) {
      entry.tries += 1;
      entry.timer = setTimeout(() => say_(entry), AGAIN[code] * entry.tries);
      return;
    } else {
      entry.renew = code === "external_id_reused";
      return fail(entry, message || "");
    }
    changed();
  }

  function retry(id) {
    const entry = entries.get(id);
    if (!entry) return;
    if (entry.renew) {
      drop(id);
      return void add(entry);
    }
    entry.tries = 0;
    say_(entry);
    changed();
  }

  return {
    add,
    drop,
    refused,
    retry,
    all: () => [...entries.values()],
    flush: () => {
      for (const entry of entries.values()) if (entry.state === "sending" || entry.why === say("noAnswer")) say_(entry);
      changed();
    },
    // The connection is gone: no answer can come, so none is missed.
    hold: () => {
      for (const entry of entries.values()) clearTimeout(entry.timer);
      changed();
    },
  };
}
