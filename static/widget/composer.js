// The box: it grows with its text, keeps its draft, says that somebody is typing, and sends with Enter.
import { chosenFiles, clearFiles } from "./files.js";
import { read, write } from "./store.js";
import { at } from "./make.js";
import { say } from "./words.js";

const MOST = 4000;
const TELL_FROM = 3600;
const APART = 1100; // ms between two words about typing
const STOPPED = 5000;

let told = "";
let last = 0;
let timer = 0;

export const draft = () => at("box").value;

export function setDraft(text) {
  at("box").value = text;
  fit();
  write("draft", text);
}

function fit() {
  const box = at("box");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 140)}px`;
  const left = MOST - box.value.length;
  at("counter").textContent = box.value.length >= TELL_FROM ? say("left", { n: left }) : "";
  at("send").disabled = !box.value.trim() && !chosenFiles().length;
}

export function startComposer({ submit, typing, preview }) {
  const box = at("box");
  // At most once a second, the last one always, and once more when it is emptied or left standing.
  const tellTyping = (text) => {
    clearTimeout(timer);
    const now = preview ? text.slice(0, 500) : text && "…";
    const wait = last + APART - Date.now();
    if (wait > 0) timer = setTimeout(tellTyping, wait, text);
    else {
      if (now !== told || (now && Date.now() - last > STOPPED - APART)) {
        typing(now);
        told = now;
        last = Date.now();
      }
      if (now) timer = setTimeout(tellTyping, STOPPED, preview ? text : "");
    }
  };
  box.addEventListener("input", () => {
    fit();
    write("draft", box.value);
    tellTyping(box.value.trim() ? box.value : "");
  });
  box.addEventListener("keydown", (event) => {
    // Enter that takes a word from an input method is not meant for us.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
  at("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  at("chosen").addEventListener("change", fit);
  const send = () => {
    const text = box.value.trim();
    const files = chosenFiles();
    if (!text && !files.length) return;
    submit({ text, files });
    clearFiles();
    setDraft("");
    clearTimeout(timer);
    told = "";
    box.focus();
  };
  setDraft(read("draft", ""));
}
