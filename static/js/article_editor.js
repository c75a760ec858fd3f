// The editor of an article: writes Markdown's marks, takes pictures that are pasted or dropped.
import { keepSaved } from "./saving.js";

const form = document.getElementById("article-form");
const side = () => document.getElementById("article-side");
const token = () => document.querySelector("meta[name=csrf-token]").content;

keepSaved({
  form,
  side,
  line: document.getElementById("article-saved"),
  done: document.getElementById("article-done"),
  kept: "article-kept",
  after: mark,
});

function mark() {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  const name = side().dataset.fault;
  if (!name) return;
  for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"], [name^="${CSS.escape(name)}."]`)) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", "article-fault");
  }
}

// ---------------------------------------------------------------- marks

function put(area, text, from = area.selectionStart, to = area.selectionEnd) {
  area.focus();
  area.setSelectionRange(from, to);
  // The browser's own way of typing keeps its undo.
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function around(area, before, after) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const words = value.slice(from, to);
  put(area, before + words + after);
  area.setSelectionRange(from + before.length, from + before.length + words.length);
}

function lines(area, write) {
  const { value } = area;
  const from = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const next = value.indexOf("\n", area.selectionEnd);
  const to = next < 0 ? value.length : next;
  put(area, value.slice(from, to).split("\n").map(write).join("\n"), from, to);
}

// As a paragraph of its own: after what stands before the caret, before what stands after it.
function block(area, text) {
  const before = area.value.slice(0, area.selectionStart);
  const after = area.value.slice(area.selectionEnd);
  const gap = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  put(area, gap + text + (after && !after.startsWith("\n") ? "\n" : ""));
}

const marks = {
  heading: (area) => lines(area, (text) => (text.startsWith("## ") ? text.slice(3) : `## ${text}`)),
  bold: (area) => around(area, "**", "**"),
  italic: (area) => around(area, "*", "*"),
  list: (area) => lines(area, (text) => `- ${text}`),
  steps: (area) => lines(area, (text, at) => `${at + 1}. ${text}`),
  quote: (area) => lines(area, (text) => `> ${text}`),
  link: (area) => around(area, "[", "](https://)"),
  table: (area, button) => {
    const name = button.dataset.table;
    block(area, `| ${name} 1 | ${name} 2 |\n|---|---|\n|  |  |\n|  |  |\n`);
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mark]");
  if (button) marks[button.dataset.mark](areaOf(button), button);
});
form.addEventListener("keydown", (event) => {
  const keys = { b: "bold", i: "italic", k: "link" };
  const name = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && keys[event.key.toLowerCase()];
  if (!name || event.target.tagName !== "TEXTAREA") return;
  event.preventDefault();
  event.stopPropagation();
  marks[name](event.target);
});

// ---------------------------------------------------------------- pictures

const areaOf = (element) => element.closest("[data-writing]").querySelector("textarea");
const pictures = (files) => [...(files ?? [])].filter((file) => file.type.startsWith("image/"));

async function add(area, files) {
  if (document.activeElement !== area && !area.selectionEnd) area.setSelectionRange(area.value.length, area.value.length);
  const told = area.closest("[data-writing]").querySelector("[data-told]");
  const say = (words, isBad = false) => {
    told.textContent = words;
    told.hidden = !words;
    told.classList.toggle("is-bad", isBad);
  };
  for (const file of files) {
    say(told.dataset.uploading);
    const body = new FormData();
    body.append("picture", file, file.name || "picture.png");
    let words;
    try {
      const answer = await fetch(form.dataset.pictures, { method: "POST", body, headers: { "X-CSRFToken": token() } });
      const read = await answer.json();
      if (!answer.ok) throw new Error(read.error.message);
      words = read.markdown;
    } catch (error) {
      say(error instanceof TypeError || error instanceof SyntaxError ? told.dataset.failed : error.message, true);
      return;
    }
    block(area, `${words}\n`);
  }
  say("");
}

form.addEventListener("paste", (event) => {
  const files = pictures(event.clipboardData?.files);
  if (event.target.tagName !== "TEXTAREA" || !files.length) return;
  event.preventDefault();
  add(event.target, files);
});
// On its way down: Unfold's own listener at the input looks for a field that there is not.
form.addEventListener("change", (event) => {
  if (!("picture" in event.target.dataset)) return;
  event.stopPropagation();
  add(areaOf(event.target), pictures(event.target.files));
  event.target.value = "";
}, { capture: true });
for (const box of form.querySelectorAll("[data-writing]")) {
  box.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.items].some((item) => item.kind === "file")) return;
    event.preventDefault();
    box.classList.add("is-over");
  });
  box.addEventListener("dragleave", () => box.classList.remove("is-over"));
  box.addEventListener("drop", (event) => {
    box.classList.remove("is-over");
    const files = pictures(event.dataTransfer.files);
    if (!files.length) return;
    event.preventDefault();
    add(box.querySelector("textarea"), files);
  });
}
mark();
