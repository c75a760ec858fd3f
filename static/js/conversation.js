// The open conversation: opening and leaving it, staying at its end, and knowing what has really been seen.
import { ask, coalesced, refusalOf } from "./ask.js";
import { announce, notice, refusal } from "./notice.js";
import { fragmentOf, place } from "./place.js";
import { plainWord } from "./plain.js";
import { tickAll } from "./timers.js";
import { say } from "./words.js";

const AT_MOST = 150; // messages kept on screen while one stays at the end
const SEEN_AFTER = 700; // ms that a message must be in view before it counts as seen
const LATER = 1000; // ms that the rest of the page may wait when the word itself is on screen

const desk = document.getElementById("desk");
const frame = document.getElementById("conversation");
const listeners = [];
const seenListeners = [];
const placedListeners = [];
let opening = null;
let atEnd = true;
let seeing = 0;
let shown = 0; // up to which message this conversation has been in view
let later = 0;
let toldAt = -Infinity; // when a word came on screen by itself, ahead of the rest of the page

export const onOpen = (listener) => listeners.push(listener);
export const onSeen = (listener) => seenListeners.push(listener); // told the seq that was really in view
export const onPlaced = (listener) => placedListeners.push(listener); // after an answer came into the list

export function conversationNow() {
  const section = frame.querySelector("[data-conversation]");
  if (!section) return null;
  const { conversation: key, storeSlug: store, number, messagesUrl, title, channel } = section.dataset;
  return { key, store, number, messagesUrl, title, isChat: channel === "widget", element: section };
}

const scroller = () => document.getElementById("scroller");
const list = () => document.getElementById("messages");
const lastSeq = () => Number([...(list()?.querySelectorAll("li[data-seq]") ?? [])].at(-1)?.dataset.seq ?? 0);

// Up to which seq the page has the conversation: what lies before it is on screen, or is not for this reader.
export const hasUpTo = () => Math.max(Number(list()?.dataset.last) || 0, lastSeq());

// ---------------------------------------------------------------- opening and leaving

export async function openTicket(href, { push = true } = {}) {
  const path = new URL(href, location.href).pathname;
  opening?.abort();
  const mine = (opening = new AbortController());
  const link = document.querySelector(`#queue-rows a[href^="${path}"]`);
  if (push && path !== location.pathname) history.pushState({}, "", path + location.search);
  for (const other of document.querySelectorAll("#queue-rows [aria-current]")) other.removeAttribute("aria-current");
  link?.setAttribute("aria-current", "true");
  let answer;
  try {
    answer = await ask(path, { signal: mine.signal, quiet: false });
  } catch {
    return; // another one was opened meanwhile
  }
  if (mine.signal.aborted || answer.status === 401) return;
  notice("");
  if (answer.status === 200) show(answer.html);
  else showRefusal(answer, href);
}

function show(html) {
  frame.replaceChildren(fragmentOf(html));
  window.htmx?.process(frame);
  desk.classList.add("has-conversation");
  desk.classList.remove("facts-open");
  settle();
  if (getComputedStyle(document.getElementById("queue-pane")).display === "none") scroller().focus({ preventScroll: true });
  announce(conversationNow()?.title ?? "");
}

function showRefusal({ status, html }, href) {
  const told = refusalOf(status, html);
  const box = document.createElement("div");
  box.className = "empty";
  box.append(refusal(told.text));
  const retry = document.createElement("a");
  retry.className = "button";
  retry.href = href;
  retry.dataset.open = "";
  retry.textContent = say("retry");
  if (status !== 404) box.append(retry);
  frame.replaceChildren(box);
  desk.classList.add("has-conversation");
}

export function leaveTicket({ push = true } = {}) {
  opening?.abort();
  if (push && location.pathname !== desk.dataset.home) history.pushState({}, "", desk.dataset.home + location.search);
  const open = document.querySelector("#queue-rows [aria-current]");
  frame.replaceChildren(document.getElementById("nothing-open").content.cloneNode(true));
  desk.classList.remove("has-conversation", "facts-open");
  open?.removeAttribute("aria-current");
  open?.focus({ preventScroll: true });
  for (const listener of listeners) listener(null);
}

// After a conversation came on screen, by a click or with the page.
function settle() {
  tickAll();
  atEnd = true;
  shown = 0;
  toldAt = -Infinity;
  toEnd();
  const element = scroller();
  element?.addEventListener("scroll", scrolled, { passive: true });
  if (element) sizes.observe(element);
  const open = conversationNow();
  for (const listener of listeners) listener(open);
}

// ---------------------------------------------------------------- scrolling and seeing

const sizes = new ResizeObserver(() => {
  const composer = document.querySelector("#composer");
  frame.style.setProperty("--composer", `${composer?.offsetHeight ?? 0}px`);
  if (atEnd) toEnd();
});

export function stayAtEnd() {
  if (atEnd) toEnd();
}

function toEnd() {
  const element = scroller();
  if (element) element.scrollTop = element.scrollHeight;
  seen();
}

function scrolled() {
  const element = scroller();
  atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 48;
  if (atEnd) {
    document.getElementById("jump").hidden = true;
    seen();
  }
}

// The composer tells the server up to where its writer has read. Only what stood in view for a moment counts.
function seen() {
  const last = Number(list()?.dataset.last);
  const element = list();
  if (seeing || !last || shown >= last || !inView()) return;
  seeing = setTimeout(() => {
    seeing = 0;
    if (element.isConnected && inView()) markSeen(last);
    seen(); // what came in the meantime
  }, SEEN_AFTER);
}

const inView = () => atEnd && document.visibilityState === "visible";

function markSeen(seq) {
  const field = document.getElementById("seen-seq");
  if (field) field.value = String(Math.max(Number(field.value), seq));
  if (seq <= shown) return;
  shown = seq;
  for (const listener of seenListeners) listener(seq);
}

// One's own words: the server took them only because nothing had come before them unseen.
export function markOwnSeen() {
  const own = [...list().querySelectorAll("li[data-own][data-kind='agent']")].at(-1);
  if (own) markSeen(Number(own.dataset.seq));
  toldAt = performance.now();
}

// Changes the list and leaves the reader where they are: at the end, or beside the message they look at.
function changeList(change) {
  const element = scroller();
  const before = lastSeq();
  const edge = element?.getBoundingClientRect().top ?? 0;
  const anchor = atEnd || !element ? null : [...list().children].find((item) => item.getBoundingClientRect().bottom > edge);
  const top = anchor?.getBoundingClientRect().top;
  const held = conversationNow()?.key;
  change();
  tickAll();
  if (!element || conversationNow()?.key !== held) return;
  if (atEnd) toEnd();
  else if (anchor?.isConnected) element.scrollTop += anchor.getBoundingClientRect().top - top;
  tellNew(before);
  for (const listener of placedListeners) listener();
}

export function placeMessages(content) {
  const fragment = typeof content === "string" ? fragmentOf(content) : content;
  keepLater(fragment.querySelector("#messages"));
  changeList(() => place(fragment));
}

// An answer that was made before a word was written, and comes after it, takes it off the screen no more.
function keepLater(answered) {
  const here = list();
  if (!answered || answered.dataset.ticket !== here?.dataset.ticket) return;
  const upTo = Number(answered.dataset.last);
  for (const item of here.querySelectorAll("li[data-seq]")) {
    if (Number(item.dataset.seq) > upTo && !answered.querySelector(`#${item.id}`)) answered.append(item.cloneNode(true));
  }
  answered.dataset.last = String(Math.max(upTo, Number(here.dataset.last)));
}

// What a browser can't show, a time zone that it does not know perhaps, the server can.
function wordOf(item) {
  try {
    return plainWord(item);
  } catch {
    return null;
  }
}

// Messages that came along by socket, those at once that are plain and next. False where the list is to be read for the rest.
export function showWords(items) {
  const before = hasUpTo();
  const fresh = items.filter(({ seq }) => seq > before);
  const words = [];
  for (const item of fresh) {
    const word = item.seq === before + words.length + 1 ? wordOf(item) : null;
    if (!word) break;
    words.push(word);
  }
  if (words.length) {
    changeList(() => {
      list().append(...words);
      list().dataset.last = words.at(-1).dataset.seq;
    });
    toldAt = performance.now();
    refreshLater();
  }
  return words.length === fresh.length;
}

function tellNew(before) {
  const fresh = [...list().querySelectorAll("li[data-seq]")].filter((item) => Number(item.dataset.seq) > before);
  const spoken = fresh.filter((item) => (item.dataset.kind === "buyer" || item.dataset.kind === "agent") && !("own" in item.dataset));
  if (!spoken.length || !before) return;
  const last = spoken.at(-1);
  const name = last.querySelector(".message-kind")?.textContent.trim() ?? "";
  const text = last.querySelector(".message-body")?.textContent.slice(0, 200) ?? "";
  announce(say(last.dataset.kind === "buyer" ? "newBuyer" : "newColleague", { name, text }));
  if (!atEnd) document.getElementById("jump").hidden = false;
}

export function showMissed() {
  const first = list().querySelector(".missed");
  first?.scrollIntoView({ block: "center" });
}

export function forgetMissed() {
  for (const item of document.querySelectorAll("#messages .missed")) item.classList.remove("missed");
  for (const item of document.querySelectorAll("#messages [data-keep]")) item.remove();
}

// ---------------------------------------------------------------- refreshing

// From where on the server is to send the list again: what is on screen, but no endless one.
export function fromSeq() {
  const items = [...(list()?.querySelectorAll("li[data-seq]") ?? [])];
  const most = atEnd ? AT_MOST : 900;
  const first = items.length > most ? items[items.length - (atEnd ? 100 : most)] : items[0];
  return first?.dataset.seq ?? "0";
}

export const refreshMessages = coalesced(async () => {
  clearTimeout(later);
  later = 0;
  const open = conversationNow();
  if (!open) return;
  const answer = await ask(`${open.messagesUrl}?from=${fromSeq()}`);
  if (answer.status === 200 && conversationNow()?.key === open.key) placeMessages(answer.html);
}, () => (conversationNow()?.isChat ? 80 : 400));

export function refreshLater() {
  later ||= setTimeout(refreshMessages, LATER);
}

// Something about the open ticket has changed, which stands at this seq. What is only about a word on screen can wait.
export function refreshFor(seq) {
  if (seq <= hasUpTo() && performance.now() - toldAt < 1.5 * LATER) refreshLater();
  else refreshMessages();
}

async function loadEarlier(link) {
  if (link.dataset.busy) return;
  link.dataset.busy = "1";
  const open = conversationNow();
  const answer = await ask(link.href, { quiet: false });
  delete link.dataset.busy;
  if (conversationNow()?.key !== open.key) return;
  if (answer.status !== 200) {
    link.textContent = say("earlierFailed");
    return;
  }
  prepend(fragmentOf(answer.html).getElementById("messages"));
}

function prepend(earlier) {
  const here = list();
  const element = scroller();
  const height = element.scrollHeight - element.scrollTop;
  const hadFocus = document.activeElement?.closest("#earlier");
  document.getElementById("earlier")?.remove();
  for (const item of earlier.querySelectorAll("li[id^='d-']")) document.getElementById(item.id)?.remove();
  here.dataset.first = earlier.dataset.first;
  here.prepend(...earlier.children);
  window.htmx?.process(here);
  element.scrollTop = element.scrollHeight - height;
  if (hadFocus) (document.querySelector("#earlier a") ?? element).focus({ preventScroll: true });
}

// ---------------------------------------------------------------- start

export function startConversation() {
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("[data-open], [data-back], [data-earlier], [data-facts-toggle], [data-facts-close], #jump");
    if (!link) return;
    event.preventDefault();
    if ("open" in link.dataset) openTicket(link.href);
    else if ("back" in link.dataset) leaveTicket();
    else if ("earlier" in link.dataset) loadEarlier(link);
    else if (link.id === "jump") {
      link.hidden = true;
      atEnd = true;
      toEnd();
    } else showFacts("factsToggle" in link.dataset ? !desk.classList.contains("facts-open") : false);
  });
  window.addEventListener("popstate", () => {
    if (location.pathname === desk.dataset.home) leaveTicket({ push: false });
    else openTicket(location.href, { push: false });
  });
  document.addEventListener("visibilitychange", seen);
  if (conversationNow()) settle();
}

export function showFacts(open) {
  desk.classList.toggle("facts-open", open);
  const toggle = document.getElementById("facts-toggle");
  toggle?.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector("#facts .back")?.focus({ preventScroll: true });
  else toggle?.focus({ preventScroll: true });
}
