// One-letter keys. They rest while somebody types, and can be switched off in the help window (WCAG 2.1.4).
import { acceptOldest } from "./chats.js";
import { chooseMode } from "./composer.js";
import { conversationNow, leaveTicket, openTicket, showFacts } from "./conversation.js";
import { goToLibrary } from "./knowledge.js";
import { narrow, rowLinks } from "./queue.js";
import { openReplies } from "./replies.js";
import { goToStep } from "./sop.js";
import { openTransfer } from "./transfer.js";
import { openWhy } from "./why.js";

const help = document.getElementById("help");
const onSwitch = document.getElementById("keys-on");
const VIEWS = { a: "all", m: "mine", u: "unassigned", o: "overdue", e: "escalated" };
let prefix = 0; // when `g` was pressed

function keysOn() {
  try {
    return localStorage.getItem("keys") !== "off";
  } catch {
    return true;
  }
}

function move(step) {
  const links = rowLinks();
  if (!links.length) return;
  let at = links.indexOf(document.activeElement);
  if (at < 0) {
    at = links.findIndex((link) => link.hasAttribute("aria-current"));
    if (at < 0) at = step > 0 ? -1 : 0;
  }
  const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function openOverdue() {
  const link = document.getElementById("overdue-link");
  if (!link) return;
  if ("first" in link.dataset) openTicket(link.href);
  else narrow({ view: "overdue" });
}

function giveTo() {
  const menu = document.getElementById("assign");
  if (!menu) return;
  menu.open = true;
  menu.querySelector("form button")?.focus();
}

function openSnooze() {
  const menu = document.getElementById("snooze");
  if (!menu) return;
  menu.open = true;
  menu.querySelector("form button")?.focus();
}

// The same key as in the text; where there is nothing to write, it looks for a ticket.
function quickReplies() {
  if (!conversationNow() || !document.getElementById("replies")) return KEYS.f();
  chooseMode("reply");
  openReplies();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: openOverdue,
  r: () => conversationNow() && chooseMode("reply"),
  n: () => conversationNow() && chooseMode("note"),
  a: giveTo,
  s: openSnooze,
  c: acceptOldest,
  t: openTransfer,
  p: goToStep,
  l: goToLibrary,
  w: () => openWhy(document.activeElement?.closest?.(".row") ?? document.querySelector("#queue-rows [aria-current]")?.closest(".row")),
  u: () => document.querySelector("#toasts .undo")?.click(),
  e: () => document.getElementById("do-close")?.click(),
  g: () => (prefix = Date.now()),
  f: () => document.getElementById("search").focus(),
  "/": quickReplies,
  "?": () => help.showModal(),
};

function escape(event) {
  const desk = document.getElementById("desk");
  if (event.target.matches("#body, #search, select")) {
    const row = document.querySelector("#queue-rows [aria-current]") ?? rowLinks()[0];
    if (event.target.id === "search" && event.target.value) return; // the first Esc clears it
    if (row?.offsetParent) row.focus({ preventScroll: true });
    else event.target.blur();
  } else if (desk.classList.contains("facts-open")) showFacts(false);
  else if (conversationNow()) leaveTicket();
}

export function startKeys() {
  const button = document.getElementById("help-button");
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
  help.addEventListener("click", (event) => event.target === help && help.close());
  onSwitch.checked = keysOn();
  onSwitch.addEventListener("change", () => {
    try {
      localStorage.setItem("keys", onSwitch.checked ? "on" : "off");
    } catch {}
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || event.target.closest?.("dialog")) return; // Esc may have closed it just now
    if (event.key === "Escape" && document.querySelector(":popover-open")) return; // it closes by itself
    if (event.key === "Escape") return escape(event);
    if (event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (!keysOn()) return;
    const view = Date.now() - prefix < 1500 && VIEWS[event.key];
    prefix = 0;
    const act = view ? () => narrow({ view }) : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
