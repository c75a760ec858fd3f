// The editor of a quick reply: variables put where the caret is, how it reads with examples, and its pictures.
import { chooseLayer } from "./reply_layer.js";

const form = document.getElementById("reply-form");
const examples = JSON.parse(form.dataset.examples);
const VARIABLE = /\{([a-z_]{1,20})\}/g; // as knowledge/content/reply.py has it
let last = form.querySelector("[data-body='zh']");

// ---------------------------------------------------------------- how it reads

function read(body) {
  const language = body.dataset.body;
  const box = document.getElementById(`preview-${language}`);
  const parts = [];
  let from = 0;
  for (const found of body.value.matchAll(VARIABLE)) {
    const known = examples[found[1]];
    const words = Object.assign(document.createElement("mark"), { textContent: known ? known[language] : found[0] });
    if (!known) words.className = "unknown";
    parts.push(body.value.slice(from, found.index), words);
    from = found.index + found[0].length;
  }
  box.replaceChildren(...parts, body.value.slice(from));
  box.hidden = !body.value.trim();
}

function preview() {
  const bodies = [...form.querySelectorAll("[data-body]")];
  bodies.forEach(read);
  const names = new Set(bodies.flatMap((body) => [...body.value.matchAll(VARIABLE)].map((found) => found[1])));
  const unknown = [...names].filter((name) => !examples[name]).map((name) => `{${name}}`);
  const line = document.getElementById("preview-unknown");
  line.hidden = !unknown.length;
  line.textContent = line.dataset.words.replace("{names}", unknown.join(" "));
}

// ---------------------------------------------------------------- variables

function insert(words) {
  last.focus();
  if (!document.execCommand("insertText", false, words)) last.setRangeText(words, last.selectionStart, last.selectionEnd, "end");
  preview();
}

// ---------------------------------------------------------------- pictures

const list = document.getElementById("reply-picture-list");
const trouble = document.getElementById("reply-picture-error");

function show({ id, url, name }) {
  if (list.querySelector(`input[value="${id}"]`)) return;
  const item = document.createElement("li");
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "pictures", value: id });
  const image = Object.assign(document.createElement("img"), { src: `${url}?size=small`, alt: name });
  const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
  remove.dataset.removePicture = "";
  remove.setAttribute("aria-label", list.dataset.remove.replace("{name}", name));
  item.append(field, image, remove);
  list.append(item);
}

async function add(files) {
  trouble.textContent = "";
  for (const file of files) {
    const body = new FormData();
    body.append("picture", file);
    const answer = await fetch(form.dataset.add, { method: "POST", body, headers: { "X-CSRFToken": form.dataset.csrf } }).catch(() => null);
    const told = answer && (await answer.json().catch(() => null));
    if (answer?.ok) show(told);
    else trouble.textContent = told?.error?.message ?? file.name;
  }
}

// ---------------------------------------------------------------- start

form.addEventListener("input", (event) => event.target.dataset.body && preview());
form.addEventListener("focusin", (event) => {
  if (event.target.dataset.body) last = event.target;
});
form.addEventListener("click", (event) => {
  const variable = event.target.closest("[data-variable]");
  if (variable) insert(variable.dataset.variable);
  const picture = event.target.closest("[data-remove-picture]");
  if (picture) picture.closest("li").remove();
});
document.getElementById("reply-picture").addEventListener("change", (event) => {
  add([...event.target.files]);
  event.target.value = "";
});
form.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (!files.length) return;
  event.preventDefault();
  add(files);
});
form.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
form.addEventListener("drop", (event) => {
  const files = [...(event.dataTransfer?.files ?? [])];
  if (!files.length) return;
  event.preventDefault();
  add(files);
});
preview();
chooseLayer(form);
