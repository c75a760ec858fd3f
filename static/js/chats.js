// Chats beside the queue: those that ring, to be accepted; and one's own, to be switched between.
import { post, refusalOf } from "./ask.js";
import { conversationNow, onOpen, onSeen, openTicket } from "./conversation.js";
import { notice } from "./notice.js";
import { onQueue, refreshQueue } from "./queue.js";

const text = (element, selector) => element.querySelector(selector)?.textContent.trim() ?? "";
const described = (item, name) => ({ id: item.id, name: text(item, name), store: text(item, ".store") });

export const ringingNow = () =>
  [...document.querySelectorAll("#ringing > li")].map((item) => ({
    ...described(item, ".ring-words b"),
    isOver: item.querySelector(".waits")?.dataset.phase === "over",
  }));

export const tilesNow = () =>
  [...document.querySelectorAll("#my-chats-list > li")].map((item) => ({
    ...described(item, ".tile-buyer"),
    isGiven: "given" in item.dataset,
    href: item.querySelector("a").href,
  }));

// The server says who has it: if somebody was quicker, that is told, and the chat is not opened.
async function accept(form) {
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  form.querySelector("button").setAttribute("aria-disabled", "true");
  const answer = await post(form.action, new FormData(form));
  delete form.dataset.busy;
  form.querySelector("button").removeAttribute("aria-disabled");
  if (answer.status === 200) openTicket(form.dataset.accept);
  else if (answer.status !== 401) notice(refusalOf(answer.status, answer.html).text);
  refreshQueue();
}

export function acceptOldest() {
  const form = document.querySelector("#ringing form");
  if (form) accept(form);
}

function markOpen() {
  const open = conversationNow();
  for (const item of document.querySelectorAll("#my-chats-list > li")) {
    const link = item.querySelector("a");
    if (open && item.id === `mine-${open.key}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// What was really in view is unread no more, before the server's list says so.
function forgetUnread() {
  const item = document.getElementById(`mine-${conversationNow()?.key}`);
  item?.querySelector(".unread")?.remove();
}

function switchTo(place) {
  const link = document.querySelectorAll("#my-chats-list > li > a")[place];
  if (link) openTicket(link.href);
}

export function startChats() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-accept]")) return;
    event.preventDefault();
    accept(event.target);
  });
  document.addEventListener("click", (event) => event.target.closest("[data-accept-oldest]") && acceptOldest());
  document.addEventListener("keydown", (event) => {
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    if (!digit || !event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    switchTo(Number(digit) - 1);
  });
  onQueue(markOpen);
  onOpen(markOpen);
  onSeen(forgetUnread);
}
