// The list of who waits: filters, views, further pages, and a refresh that moves nothing but what has changed.
import { ask, coalesced, post, refusalOf } from "./ask.js";
import { conversationNow } from "./conversation.js";
import { notice } from "./notice.js";
import { fragmentOf, place } from "./place.js";
import { setClock, tickAll } from "./timers.js";

const desk = document.getElementById("desk");
const listeners = [];
let pages = 1;
let asking = null;

export const onQueue = (listener) => listeners.push(listener);
export const rowLinks = () => [...document.querySelectorAll("#queue-rows a[data-open]")];

function filters() {
  const query = new URLSearchParams(location.search);
  query.delete("cursor");
  return query;
}

function addressOf(cursor) {
  const query = filters();
  const open = conversationNow();
  if (open) {
    query.set("open_store", open.store);
    query.set("open_number", open.number);
  }
  if (cursor) query.set("cursor", cursor);
  return `${desk.dataset.queue}?${query}`;
}

// All pages that are on screen, as one. The last request wins.
async function load({ quiet = true } = {}) {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const first = await ask(addressOf(""), { signal: mine.signal, quiet });
    if (first.status !== 200) return quiet ? undefined : notice(refusalOf(first.status, first.html).text);
    const content = fragmentOf(first.html);
    let got = 1;
    while (got < pages && (await addPage(content, mine.signal))) got += 1;
    pages = got;
    if (mine.signal.aborted) return;
    show(content);
  } catch (error) {
    if (!mine.signal.aborted) throw error;
  }
}

async function addPage(content, signal) {
  const queue = content.getElementById("queue");
  if (!queue.dataset.next) return false;
  const answer = await ask(addressOf(queue.dataset.next), { signal });
  if (answer.status !== 200) return false;
  const further = fragmentOf(answer.html);
  const rows = queue.querySelector("#queue-rows");
  for (const row of further.querySelectorAll("#queue-rows > li")) if (!content.getElementById(row.id)) rows.append(row);
  queue.querySelector("#queue-foot").replaceWith(further.querySelector("#queue-foot"));
  queue.dataset.next = further.getElementById("queue").dataset.next;
  return true;
}

function show(content) {
  const pane = document.getElementById("queue-rows");
  const links = rowLinks();
  const focused = links.indexOf(document.activeElement);
  const focusedLink = links[focused];
  const edge = pane?.getBoundingClientRect().top;
  const anchor = pane?.scrollTop > 0 ? links.find((link) => link.getBoundingClientRect().bottom > edge) : null;
  const top = anchor?.getBoundingClientRect().top;
  place(content);
  setClock();
  tickAll();
  markOpen();
  if (anchor?.isConnected) pane.scrollTop += anchor.getBoundingClientRect().top - top;
  if (focused >= 0 && !focusedLink.isConnected) {
    const left = rowLinks();
    left[Math.min(focused, left.length - 1)]?.focus({ preventScroll: true });
  }
  for (const listener of listeners) listener();
}

const refreshList = coalesced(() => load(), () => 400);
const refreshSearch = coalesced(() => load(), () => 5000); // a search costs more than a look at the queue
export const refreshQueue = () => (filters().get("q")?.trim() ? refreshSearch() : refreshList());

function markOpen() {
  const path = location.pathname;
  for (const link of rowLinks()) {
    if (link.pathname === path) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// Changes the filters, keeps the open conversation.
export function narrow(changes) {
  const query = changes === null ? new URLSearchParams() : filters();
  for (const [name, value] of Object.entries(changes ?? {})) {
    if (value && !(name === "view" && value === "all")) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  history.replaceState(history.state, "", location.pathname + (text ? `?${text}` : ""));
  pages = 1;
  document.getElementById("queue-rows")?.scrollTo(0, 0);
  return load({ quiet: false });
}

// Remembered for the person, so it is no part of the address.
async function reorder(form) {
  const answer = await post(form.action, new FormData(form));
  if (answer.status !== 204) return notice(refusalOf(answer.status, answer.html).text);
  return narrow({});
}

function syncFilters() {
  const query = filters();
  const form = document.getElementById("filters");
  for (const name of ["q", "store", "channel"]) if (form.elements[name]) form.elements[name].value = query.get(name) ?? "";
}

export function startQueue() {
  const form = document.getElementById("filters");
  let typing = 0;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    narrow({ q: form.elements.q.value.trim() });
  });
  form.addEventListener("input", (event) => {
    if (event.target.name !== "q") return;
    clearTimeout(typing);
    typing = setTimeout(() => narrow({ q: form.elements.q.value.trim() }), 250);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "order") return reorder(event.target.form);
    if (event.target.name !== "q") narrow({ [event.target.name]: event.target.value });
  });
  document.getElementById("queue-pane").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("[data-view], [data-more], [data-reset]");
    if (!link) return;
    event.preventDefault();
    if ("more" in link.dataset) {
      pages += 1;
      load({ quiet: false });
    } else if ("reset" in link.dataset) {
      narrow(null).then(syncFilters);
    } else narrow({ view: link.dataset.view });
  });
}
