// What somebody has begun to write, per person, ticket and kind, with the key that keeps it from arriving twice.
const person = document.getElementById("desk").dataset.person;
const nameOf = (ticket, mode) => `draft:${person}:${ticket}:${mode}`;

export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function readDraft(ticket, mode) {
  try {
    const draft = JSON.parse(localStorage.getItem(nameOf(ticket, mode)));
    if (draft && typeof draft.text === "string" && typeof draft.key === "string") return draft;
  } catch {}
  return { text: "", key: newKey() };
}

export function keepDraft(ticket, mode, draft) {
  try {
    if (draft.text || draft.card || draft.made) localStorage.setItem(nameOf(ticket, mode), JSON.stringify(draft));
    else localStorage.removeItem(nameOf(ticket, mode));
  } catch {}
}

export function dropDraft(ticket, mode) {
  try {
    localStorage.removeItem(nameOf(ticket, mode));
  } catch {}
}
