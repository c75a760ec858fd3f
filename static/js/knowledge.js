// Articles beside a conversation: looked for while one types, read in place, put into the answer, corrected.
import { ask, post, refusalOf } from "./ask.js";
import { insertWords, chooseMode } from "./composer.js";
import { conversationNow, onOpen, showFacts } from "./conversation.js";
import { addMade } from "./made.js";
import { announce, notice, refusal } from "./notice.js";
import { fragmentOf } from "./place.js";

const pane = () => document.getElementById("knowledge");
const list = () => document.getElementById("knowledge-list");
const shown = () => document.getElementById("knowledge-article");
let asking = null;
let pause = 0;
let counted = ""; // what was looked for, not found, and told to the server

async function fetchPart(address) {
  asking?.abort();
  asking = new AbortController();
  const key = conversationNow()?.key;
  try {
    const answer = await ask(address, { signal: asking.signal });
    return conversationNow()?.key === key ? answer : null;
  } catch {
    return null; // another question took its place
  }
}

async function load() {
  const now = pane();
  if (!now) return;
  const answer = await fetchPart(now.dataset.url);
  if (answer?.status !== 200 || pane() !== now) return;
  now.replaceWith(fragmentOf(answer.html).firstElementChild);
}

async function look(words, done = false) {
  const now = pane();
  if (!now || (done && counted === words)) return;
  const query = new URLSearchParams({ q: words, ...(done ? { done: "1" } : {}) });
  const answer = await fetchPart(`${now.dataset.url}?${query}`);
  if (answer?.status !== 200 || pane() !== now) return;
  if (done) counted = words;
  list().replaceWith(fragmentOf(answer.html).querySelector("#knowledge-list"));
  back();
}

async function open(item, language = "") {
  const now = pane();
  const answer = await fetchPart(`${now.dataset.url}${item}/${language ? `?language=${language}` : ""}`);
  if (!answer || pane() !== now) return;
  if (answer.status !== 200) return notice(refusalOf(answer.status, answer.html).text);
  put(answer.html);
}

function put(html) {
  shown().replaceChildren(fragmentOf(html));
  shown().hidden = false;
  list().hidden = true;
  document.getElementById("knowledge-title").focus({ preventScroll: true });
  pane().scrollIntoView({ block: "nearest" });
}

function back() {
  const item = shown().querySelector("[data-item]")?.dataset.item;
  shown().hidden = true;
  shown().replaceChildren();
  list().hidden = false;
  if (item && !document.activeElement?.closest("form")) list().querySelector(`[data-knowledge-open="${item}"]`)?.focus();
}

// What is selected in the article, else all of it.
function chosen(all) {
  const selection = window.getSelection();
  const text = shown().querySelector("[data-knowledge-text]");
  const words = selection && !selection.isCollapsed && text.contains(selection.anchorNode) && text.contains(selection.focusNode) ? selection.toString().trim() : "";
  return words || all;
}

function intoAnswer(words) {
  if (!document.getElementById("send")) return;
  const item = Number(shown().querySelector("[data-item]").dataset.item);
  chooseMode("reply");
  showFacts(false);
  const field = document.getElementById("body");
  const before = field.value.slice(0, field.selectionStart);
  insertWords((before && !before.endsWith("\n") ? "\n" : "") + words);
  addMade(item, []);
}

async function correct(form) {
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const key = conversationNow()?.key;
  const answer = await post(form.action, new FormData(form));
  delete form.dataset.busy;
  if (answer.status === 401 || conversationNow()?.key !== key) return;
  if (answer.status === 200) {
    put(answer.html);
    announce(shown().querySelector(".knowledge-told")?.textContent ?? "");
    return;
  }
  const { text, field } = refusalOf(answer.status, answer.html);
  form.querySelector("[data-knowledge-error]").replaceChildren(refusal(text));
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const input = field && form.querySelector(`[name="${CSS.escape(field)}"]`);
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
}

// The key `l`: to the library.
export function goToLibrary() {
  if (!pane()?.firstElementChild) return;
  if (pane().offsetParent === null) showFacts(true);
  document.getElementById("knowledge-box").open = true;
  document.getElementById("knowledge-words").focus();
}

export function startKnowledge() {
  onOpen((isOpen) => {
    clearTimeout(pause);
    counted = "";
    if (isOpen) load();
  });
  if (conversationNow()) load();
  document.addEventListener("input", (event) => {
    if (event.target.id !== "knowledge-words" || event.isComposing) return;
    clearTimeout(pause);
    pause = setTimeout(() => look(event.target.value), 200);
  });
  document.addEventListener("compositionend", (event) => {
    if (event.target.id === "knowledge-words") look(event.target.value);
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "knowledge-words" && event.target.value.trim()) look(event.target.value, true);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-knowledge-search]")) {
      event.preventDefault();
      clearTimeout(pause);
      look(document.getElementById("knowledge-words").value, true);
    } else if (event.target.matches("[data-knowledge-correct]")) {
      event.preventDefault();
      correct(event.target);
    }
  });
  // The selection is gone by the time a button is clicked: pressing one takes nothing away.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest("[data-knowledge-quote]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const one = (name) => event.target.closest(`[data-knowledge-${name}]`);
    if (one("open")) open(one("open").dataset.knowledgeOpen, one("open").dataset.language);
    else if (one("back")) back();
    else if (one("quote")) intoAnswer(chosen(one("quote").dataset.knowledgeQuote));
    else if (one("link")) intoAnswer(one("link").dataset.knowledgeLink);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown() && !shown().hidden && pane().contains(event.target)) back();
  });
}
