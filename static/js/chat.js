// The open conversation over the socket: a chat's new words, who else looks, what the buyer types, that the agent types,
// what was read.
import { isSending, modeNow } from "./composer.js";
import { conversationNow, hasUpTo, onOpen, onPlaced, onSeen, refreshLater, refreshMessages, showWords, stayAtEnd } from "./conversation.js";
import { onFrame, send } from "./live.js";
import { say } from "./words.js";

const STOPPED_AFTER = 3000; // ms without a key
const SAID_AGAIN = 2500; // ms, while it goes on
const BELIEVED_FOR = 10000; // ms; a buyer whose network is gone does not say that they stopped

let watched = null; // { store, ticket, isChat }
let read = 0;
let saidAt = 0; // when "typing" was said last; 0: not typing
let stopping = 0;
let forgetting = 0;

const where = () => ({ store: watched.store, ticket: watched.ticket });
const isOpen = (frame) => watched && frame.store === watched.store && frame.ticket === watched.ticket;

function open(conversation) {
  if (watched) {
    stopTyping();
    send({ type: "unwatch", ...where() });
  }
  read = 0;
  clearTimeout(forgetting);
  watched = null;
  if (!conversation) return;
  const [store, ticket] = conversation.key.split("-").map(Number);
  watched = { store, ticket, isChat: conversation.isChat };
  watch();
}

// A chat's messages come along from here on; of other tickets only hints.
function watch() {
  send({ type: "watch", ...where(), ...(watched.isChat ? { have: hasUpTo() } : {}) });
}

// ---------------------------------------------------------------- what the agent does

function tellRead(seq) {
  read = seq;
  if (watched?.isChat) send({ type: "seen", ...where(), read });
}

function typed(event) {
  if (event.target.id !== "body" || !watched?.isChat || modeNow() !== "reply") return;
  if (!event.target.value.trim()) return stopTyping();
  clearTimeout(stopping);
  stopping = setTimeout(stopTyping, STOPPED_AFTER);
  if (Date.now() - saidAt < SAID_AGAIN) return;
  saidAt = Date.now();
  send({ type: "typing", ...where(), on: true });
}

function stopTyping() {
  clearTimeout(stopping);
  if (saidAt && watched) send({ type: "typing", ...where(), on: false });
  saidAt = 0;
}

// ---------------------------------------------------------------- what others do

function showTyping({ on, text }) {
  const ghost = document.getElementById("typing");
  if (!ghost) return;
  clearTimeout(forgetting);
  ghost.hidden = !on;
  if (!on) return;
  ghost.dataset.after = lastOfBuyer();
  document.getElementById("typing-word").textContent = say(text ? "typing" : "typingBlind");
  document.getElementById("typing-text").textContent = text;
  forgetting = setTimeout(() => (ghost.hidden = true), BELIEVED_FOR);
  stayAtEnd();
}

const lastOfBuyer = () => [...document.querySelectorAll("#messages li[data-kind='buyer']")].at(-1)?.dataset.seq ?? "0";

// What they typed has come.
function forgetTyping() {
  const ghost = document.getElementById("typing");
  if (ghost && !ghost.hidden && lastOfBuyer() !== (ghost.dataset.after ?? lastOfBuyer())) ghost.hidden = true;
}

function showMessages({ items }) {
  if (conversationNow()?.key !== `${watched.store}-${watched.ticket}` || showWords(items)) return;
  if (isSending() && items.every(({ kind }) => kind === "agent")) refreshLater(); // the composer's answer brings it
  else refreshMessages();
}

function showLooking({ people }) {
  const line = document.getElementById("looking");
  if (!line) return;
  line.hidden = !people.length;
  const names = people.join(say("listComma"));
  line.textContent = people.length ? say(people.length > 1 ? "look" : "looks", { name: names, names }) : "";
}

function hear(frame) {
  if (frame.type === "hello" && watched) {
    watch();
    if (read) tellRead(read);
  } else if (frame.type === "messages" && isOpen(frame)) showMessages(frame);
  else if (frame.type === "typing" && isOpen(frame)) showTyping(frame);
  else if (frame.type === "looking" && isOpen(frame)) showLooking(frame);
}

export function startChat() {
  onFrame(hear);
  onOpen(open);
  onSeen(tellRead);
  onPlaced(forgetTyping);
  document.addEventListener("input", typed);
  document.body.addEventListener("htmx:beforeRequest", (event) => event.target.id === "composer" && stopTyping());
  if (conversationNow()) open(conversationNow());
}
