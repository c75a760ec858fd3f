// The launcher and the panel: opened and closed.
import { at, write } from "./make.js";
import { tell } from "./page.js";
import { read, write as keep } from "./store.js";
import { say } from "./words.js";

const CLOSED = { width: 76, height: 76 };
const OPEN = { width: 384, height: 640 };
const STAYS_OPEN = 30 * 60000; // ms: on the shop's next page it is open as it was, tomorrow it is not

let position = "right";

export const isOpen = () => !at("panel").hidden;
export const isSeen = () => isOpen() && !document.hidden;

function size() {
  const open = isOpen();
  tell({ deskfleet: "size", open, position, ...(open ? OPEN : CLOSED) });
  keep("open", open ? Date.now() : null);
}

export function openPanel({ focus = true } = {}) {
  if (isOpen()) return;
  at("panel").hidden = false;
  at("launcher").hidden = true;
  size();
  if (focus) focusInside();
}

export function focusInside() {
  const coarse = window.matchMedia("(pointer: coarse)").matches; // a keyboard that rises covers what one came to read
  const first = at("panel").querySelector(".form input, .form select, .form textarea");
  (coarse ? at("panel") : at("composer").hidden ? first || at("panel") : at("box")).focus();
}

export function closePanel() {
  if (!isOpen()) return;
  at("panel").hidden = true;
  at("launcher").hidden = false;
  size();
  at("launcher").focus();
}

export function drawBadge(count) {
  at("badge").hidden = !count;
  write(at("badge"), count > 99 ? "99+" : String(count));
  at("launcher").setAttribute("aria-label", count ? say("launcherUnread", { n: count }) : say("launcher"));
  tell({ deskfleet: "unread", count });
}

export function startPanel({ config, reach }) {
  position = config.position;
  write(at("store"), config.store.name);
  write(at("mark"), [...config.store.name][0] || "");
  const open = () => {
    reach();
    openPanel();
  };
  at("launcher").addEventListener("click", open);
  at("close").addEventListener("click", closePanel);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    if (!at("picture").hidden) at("picture-close").click();
    else if (!at("emoji").hidden) at("emoji-open").click();
    else closePanel();
  });
  at("launcher").hidden = false;
  if (Date.now() - read("open", 0) < STAYS_OPEN && screen.width > 480) {
    reach();
    openPanel({ focus: false });
  } else size();
}
