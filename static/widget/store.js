// What this browser keeps for one store's widget. Where the frame is denied a storage, as in private windows, the shop's
// page keeps it, and hands it back when the frame is there again.
import { tell } from "./page.js";

const memory = new Map();
let prefix = "";

export function openStore(key) {
  prefix = `deskfleet:${key}:`;
}

export function read(name, otherwise = null) {
  const text = memory.has(name) ? memory.get(name) : attempt(() => localStorage.getItem(prefix + name));
  const value = text && attempt(() => JSON.parse(text));
  return value === null || value === undefined ? otherwise : value;
}

export function write(name, value) {
  const gone = value === null || value === undefined || value === "";
  const text = JSON.stringify(value);
  try {
    if (gone) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, text);
    memory.delete(name);
  } catch {
    memory.set(name, gone ? null : text);
    // Of the conversation no more than that there is one: the server has it.
    tell({ deskfleet: "keep", name, value: gone ? null : name === "talk" ? "{}" : text });
  }
}

export function giveBack(kept) {
  if (attempt(() => localStorage)) return;
  for (const [name, text] of Object.entries(kept || {})) if (typeof text === "string") memory.set(name, text);
}

// Names that begin so, without the beginning.
export function names(start) {
  const kept = attempt(() => Object.keys(localStorage)) || [];
  const all = [...kept.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)), ...memory.keys()];
  return all.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
}

function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

// Letters of base64url, from as many random bytes.
export function random(bytes) {
  const raw = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes)));
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
