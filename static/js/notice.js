// What went wrong outside the composer, and the quiet word after a change with its way back.
import { say } from "./words.js";

const STAYS = 8000; // ms; longer while somebody looks at it

function button(text, className, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = text;
  element.addEventListener("click", act);
  return element;
}

export function refusal(text) {
  const box = document.createElement("div");
  box.className = "refusal";
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  return box;
}

export function notice(text) {
  const region = document.getElementById("notice");
  region.replaceChildren();
  if (!text) return;
  const box = refusal(text);
  box.append(button(say("dismiss"), "button small", () => region.replaceChildren()));
  region.append(box);
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

export function toast({ text, undo, undo_fields: fields, open }) {
  const region = document.getElementById("toasts");
  const box = document.createElement("div");
  box.className = "toast";
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  const leave = () => box.remove();
  if (undo) {
    box.append(
      button(say("undo"), "button small undo", () => {
        leave();
        window.htmx.ajax("POST", undo, { source: document.body, target: document.body, swap: "keyed", values: fields ?? {} });
      }),
    );
  }
  if (open) {
    const link = document.createElement("a");
    Object.assign(link, { href: open, className: "button small", textContent: say("open") });
    link.dataset.open = "";
    link.addEventListener("click", leave);
    box.append(link);
  }
  const close = button("×", "button plain square small", leave);
  close.setAttribute("aria-label", say("dismiss"));
  box.append(close);
  // What can be undone is not covered by news; something newer to undo takes its place.
  for (const old of [...region.children]) if (undo || !old.querySelector(".undo")) old.remove();
  region.append(box);
  let timer = setTimeout(leave, STAYS);
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = setTimeout(leave, STAYS / 2);
  };
  box.addEventListener("pointerenter", hold);
  box.addEventListener("focusin", hold);
  box.addEventListener("pointerleave", release);
  box.addEventListener("focusout", release);
}
