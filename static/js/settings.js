// Settings: the menus of every page, copying, and a warning before what was typed is lost.
import { startAppearance, startForgetting } from "./appearance.js";

startAppearance();
startForgetting();

async function copy(button) {
  const text = document.getElementById(button.dataset.copy).textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    select(document.getElementById(button.dataset.copy)); // where pages may not write there, a key still can
    document.execCommand?.("copy");
  }
  const words = button.querySelector("span");
  const before = words.textContent;
  words.textContent = button.dataset.done;
  setTimeout(() => (words.textContent = before), 2000);
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const chosen = getSelection();
  chosen.removeAllRanges();
  chosen.addRange(range);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

const form = document.getElementById("widget-form");
let changed = false;
form?.addEventListener("input", () => {
  changed = true;
  document.getElementById("unsaved").hidden = false;
});
form?.addEventListener("submit", () => (changed = false));
window.addEventListener("beforeunload", (event) => changed && event.preventDefault());
document.querySelector(".field-error")?.closest(".setting")?.querySelector("input, textarea")?.focus();
