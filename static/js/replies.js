// Quick replies 话术: `/` in the composer opens them, a few letters find one, Enter puts it where the caret stood.
// A combobox over a list: the focus stays in the search field. What an input method composes is never taken from it.
import { ask, post, refusalOf } from "./ask.js";
import { insertWords, modeNow } from "./composer.js";
import { conversationNow, onOpen } from "./conversation.js";
import { gapsIn, selectGap, wordsFor } from "./gaps.js";
import { addMade } from "./made.js";
import { refusal, toast } from "./notice.js";
import { fragmentOf } from "./place.js";
import { find, inFolder, prepared } from "./reply_search.js";
import { say } from "./words.js";

const SHOWN = 60; // rows at once
const SLASHES = new Set(["/", "、"]); // what the key writes, by the input method
const sets = new Map(); // store → its replies, ready for searching
const filled = new Map(); // address → what the server made of a reply for this ticket

let found = [];
let active = 0;
let folder = "";
let language = "";
let range = null; // what the reply will stand in place of
let previewing = 0;

const panel = () => document.getElementById("replies");
const field = () => document.getElementById("replies-search");
const list = () => document.getElementById("replies-list");
const body = () => document.getElementById("body");
const part = (name) => panel().querySelector(`[data-replies="${name}"]`);
export const isOpen = () => panel() !== null && !panel().hidden;

// ---------------------------------------------------------------- what there is

async function load() {
  const { url, store } = panel().dataset;
  try {
    const answer = await fetch(url, { cache: "no-cache", credentials: "same-origin", signal: AbortSignal.timeout(20000) });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    sets.set(store, prepared(await answer.json()));
  } catch {
    if (!sets.has(store)) return isOpen() && tell(say("repliesFailed"));
  }
  if (isOpen() && panel().dataset.store === store) search();
}

const addressOf = (reply) => `${panel().dataset.filled.replace("/0/", `/${reply.id}/`)}?language=${language}`;

async function fill(reply) {
  const address = addressOf(reply);
  if (!filled.has(address)) {
    const answer = await ask(address);
    if (answer.status !== 200) return { refused: refusalOf(answer.status, answer.html).text };
    filled.set(address, JSON.parse(answer.html));
  }
  return filled.get(address);
}

// ---------------------------------------------------------------- open and close

export function openReplies({ at = null } = {}) {
  if (!panel() || modeNow() !== "reply" || body().readOnly) return;
  range = at ?? [body().selectionStart, body().selectionEnd];
  folder = "";
  language = panel().dataset.language;
  field().value = "";
  panel().hidden = false;
  document.getElementById("open-replies").setAttribute("aria-expanded", "true");
  for (const button of panel().querySelectorAll("[data-language]")) press(button, button.dataset.language === language);
  part("keep").hidden = !body().value.replace(/^[/、]$/, "").trim();
  if (sets.has(panel().dataset.store)) search();
  else tell(say("repliesLoading"));
  field().focus();
  load();
}

export function closeReplies({ focus = true } = {}) {
  if (!isOpen()) return;
  panel().hidden = true;
  document.getElementById("open-replies").setAttribute("aria-expanded", "false");
  if (!focus) return;
  body().focus();
  body().setSelectionRange(range[1], range[1]);
}

// ---------------------------------------------------------------- find

function search() {
  const all = sets.get(panel().dataset.store) ?? [];
  found = find(all.filter((reply) => inFolder(reply, folder)), field().value, panel().dataset.category);
  active = 0;
  drawFolders(all);
  list().replaceChildren(...found.slice(0, SHOWN).map(row));
  if (!found.length) tell(all.length ? say("repliesNone", { words: field().value }) : say("repliesEmpty"));
  else tell(found.length > SHOWN ? say("repliesMore", { n: found.length - SHOWN }) : say("repliesCount", { n: found.length }), true);
  mark();
}

function tell(words, quiet = false) {
  const line = part("state");
  line.textContent = words;
  line.classList.toggle("unseen", quiet && found.length <= SHOWN);
  if (!quiet) {
    list().replaceChildren();
    part("preview").replaceChildren();
    field().removeAttribute("aria-activedescendant");
  }
}

function element(name, className, ...content) {
  const made = Object.assign(document.createElement(name), { className });
  made.append(...content);
  return made;
}

const inLanguage = (text) => (language === "zh" ? text.zh || text.en : text.en || text.zh);

function row(reply, i) {
  const head = element("span", "reply-head", element("b", "reply-title", inLanguage(reply.title)));
  if (reply.shortcut) head.append(element("kbd", "", reply.shortcut));
  if (reply.layer === "personal" || reply.layer === "team") head.append(element("span", "chip", panel().dataset[reply.layer]));
  if (reply.inPack) head.append(element("span", "chip", panel().dataset.pack));
  if (reply.pictures) head.append(element("span", "quiet", say("pictures", { n: reply.pictures })));
  const item = element("li", "reply", head, element("span", "reply-first quiet", inLanguage(reply.first)));
  Object.assign(item, { id: `reply-${reply.id}`, role: "option" });
  item.dataset.at = i;
  return item;
}

function drawFolders(all) {
  const names = new Set();
  for (const reply of all) {
    const parts = reply.folder.split("/").filter(Boolean);
    parts.forEach((_, i) => names.add(parts.slice(0, i + 1).join("/")));
  }
  const sorted = [...names].sort((a, b) => a.localeCompare(b, "zh"));
  part("folders").replaceChildren(
    ...["", ...sorted].map((name) => {
      const depth = name ? name.split("/").length - 1 : 0;
      const count = all.filter((reply) => inFolder(reply, name)).length;
      const button = element("button", "folder", element("span", "", name ? name.split("/").at(-1) : say("repliesAll")), element("span", "quiet", String(count)));
      button.type = "button";
      button.dataset.folder = name;
      button.style.setProperty("--depth", depth);
      press(button, name === folder);
      return button;
    }),
  );
}

const press = (button, on) => button.setAttribute("aria-pressed", String(on));

// ---------------------------------------------------------------- choose

function move(step) {
  const count = Math.min(found.length, SHOWN);
  if (!count) return;
  active = (active + step + count) % count;
  mark();
}

function mark() {
  const items = [...list().children];
  items.forEach((item, i) => item.setAttribute("aria-selected", String(i === active)));
  const chosen = items[active];
  if (!chosen) return;
  field().setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
  clearTimeout(previewing);
  previewing = setTimeout(preview, 60, found[active]);
}

async function preview(reply) {
  const answer = await fill(reply);
  if (!isOpen() || found[active] !== reply) return;
  const box = part("preview");
  if (answer.refused) return box.replaceChildren(element("p", "quiet", answer.refused));
  const words = element("p", "preview-words", ...marked(answer.body));
  words.dir = "auto";
  box.replaceChildren(element("b", "", answer.title), words);
  if (answer.pictures.length) box.append(element("p", "preview-pictures", ...answer.pictures.map((picture) => thumbnail(picture))));
  if (answer.missing.length) box.append(element("p", "quiet", say("gapsToFill", { names: answer.missing.map(wordsFor).join(say("listComma")) })));
  box.append(element("p", "quiet", say("usesLately", { own: reply.own_uses, all: reply.uses })));
}

const thumbnail = ({ url, name }) => Object.assign(document.createElement("img"), { src: `${url}?size=small`, alt: name });

function marked(text) {
  const parts = [];
  let from = 0;
  for (const gap of gapsIn(text)) {
    parts.push(text.slice(from, gap.at), element("mark", "", text.slice(gap.at, gap.end)));
    from = gap.end;
  }
  return [...parts, text.slice(from)];
}

async function insert(reply) {
  const key = conversationNow()?.key;
  const answer = await fill(reply);
  if (!isOpen() || conversationNow()?.key !== key) return;
  if (answer.refused) return tell(answer.refused);
  const [from, to] = range;
  closeReplies();
  addMade(answer.id, answer.pictures.map((picture) => ({ ...picture, item: answer.id })));
  insertWords(answer.body, from, to);
  reply.own_uses += 1; // the next list has it further up; the server counts what is sent
  const gap = gapsIn(body().value).find((one) => one.at >= from);
  if (gap) selectGap(gap);
}

// ---------------------------------------------------------------- keep one's own words

async function keepWords() {
  const dialog = document.getElementById("keep-reply");
  const words = body().value.slice(0, range[0]) + body().value.slice(range[1]);
  const form = new FormData();
  form.append("body", words);
  form.append("csrfmiddlewaretoken", document.querySelector("#composer [name='csrfmiddlewaretoken']").value);
  const answer = await post(panel().dataset.draft, form);
  if (answer.status !== 200) return tell(refusalOf(answer.status, answer.html).text);
  closeReplies({ focus: false });
  dialog.replaceChildren(fragmentOf(answer.html));
  dialog.showModal();
  dialog.querySelector("[name='title']").focus();
}

async function keep(event) {
  event.preventDefault();
  const sent = event.target;
  if (sent.dataset.busy) return;
  sent.dataset.busy = "1";
  const answer = await post(sent.action, new FormData(sent));
  delete sent.dataset.busy;
  if (answer.status === 204) {
    sent.closest("dialog").close();
    toast({ text: say("replyKept") });
    load();
    body()?.focus();
  } else if (answer.status !== 401) {
    const told = refusalOf(answer.status, answer.html);
    sent.querySelector("[data-error-here]").replaceChildren(refusal(told.text));
    sent.elements[told.field.split(".")[0]]?.focus();
  }
}

// ---------------------------------------------------------------- keys

function typedSlash(event) {
  if (event.target.id !== "body" || event.isComposing || !SLASHES.has(event.data)) return;
  const at = body().selectionStart;
  if (at !== body().selectionEnd || !SLASHES.has(body().value[at - 1])) return;
  if (at > 1 && !/\s/.test(body().value[at - 2])) return;
  openReplies({ at: [at - 1, at] });
}

function pressed(event) {
  if (!isOpen() || !panel().contains(event.target)) return;
  if (event.isComposing || event.keyCode === 229) return; // the input method's own keys
  if (event.key === "Escape") {
    event.preventDefault();
    closeReplies();
  } else if (event.target !== field()) return;
  else if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter") found[active] && insert(found[active]);
  else if (event.key === "Backspace" && !field().value) leaveSlash();
  else return;
  event.preventDefault();
}

// Taking back the slash takes it out of the text as well.
function leaveSlash() {
  const [from, to] = range;
  closeReplies();
  if (SLASHES.has(body().value.slice(from, to))) insertWords("", from, to);
}

function clicked(event) {
  const target = event.target;
  if (target.closest("#open-replies")) return isOpen() ? closeReplies() : openReplies();
  if (!isOpen()) return;
  if (!panel().contains(target)) return target.isConnected && closeReplies({ focus: false });
  const option = target.closest("[role='option']");
  const button = target.closest("button");
  if (option) insert(found[Number(option.dataset.at)]);
  else if (!button) return;
  else if ("folder" in button.dataset) {
    folder = button.dataset.folder;
    search();
    field().focus();
  } else if (button.dataset.language) {
    language = button.dataset.language;
    for (const other of panel().querySelectorAll("[data-language]")) press(other, other === button);
    search();
    field().focus();
  } else if (button.dataset.replies === "keep") keepWords();
  else if (button.dataset.replies === "close") closeReplies();
}

export function startReplies() {
  onOpen(() => {
    filled.clear();
    if (panel() && !sets.has(panel().dataset.store)) load();
  });
  if (panel()) load();
  document.addEventListener("input", (event) => {
    if (event.target.id === "replies-search") search();
    else typedSlash(event);
  });
  document.addEventListener("compositionend", (event) => setTimeout(typedSlash, 0, event));
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", clicked);
  const dialog = document.getElementById("keep-reply");
  dialog.addEventListener("submit", keep);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close();
  });
}
