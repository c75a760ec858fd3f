// Forty of them, for whoever has no keyboard for it. Arrows move, Enter takes, Esc closes.
import { at, make } from "./make.js";

const ALL = [..."😀😄😅😂😊😍😘😉😎🤔😐😴😢😭😡😱🙏👍👎👌👏💪🤝✌👀❤💔🌹🎁🎉✨🔥⭐✅❌❓❗📦🚚💰"];
const ROW = 8;

function closeEmoji() {
  if (at("emoji").hidden) return false;
  at("emoji").hidden = true;
  at("emoji-open").setAttribute("aria-expanded", "false");
  at("emoji-open").focus();
  return true;
}

export function startEmoji() {
  const grid = at("emoji");
  const box = at("box");
  const take = (text) => {
    box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input"));
    closeEmoji();
    box.focus();
  };
  const toggle = () => {
    if (closeEmoji()) return;
    if (!grid.children.length) {
      grid.append(...ALL.map((text, i) => make("button", { type: "button", tabIndex: i ? -1 : 0, on: { click: () => take(text) } }, text)));
    }
    grid.hidden = false;
    at("emoji-open").setAttribute("aria-expanded", "true");
    grid.firstChild.focus();
  };
  at("emoji-open").addEventListener("click", toggle);
  toggle();
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ROW, ArrowDown: ROW }[event.key];
    const buttons = [...grid.children];
    const next = step && buttons[buttons.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    for (const other of buttons) other.tabIndex = other === next ? 0 : -1;
    next.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!grid.hidden && !grid.contains(target) && !at("emoji-open").contains(target)) closeEmoji();
  });
}
