// Writing: two kinds, a draft each, files, and a state that never says more than the server has confirmed.
import { cardNow, clearCard, setCard, showCardError, startCard } from "./card.js";
import { isSignIn, refusalOf } from "./ask.js";
import { conversationNow, forgetMissed, markOwnSeen, onOpen, refreshMessages, showMissed } from "./conversation.js";
import { dropDraft, keepDraft, newKey, readDraft } from "./drafts.js";
import { startFiles, takeFiles, clearFiles } from "./files.js";
import { gapsNow, markGaps, selectGap, showGaps, startGaps } from "./gaps.js";
import { forgetWords, madeNow, picturesNow, setMade } from "./made.js";
import { notice, refusal } from "./notice.js";
import { say } from "./words.js";

const mac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform ?? "");
let draft = null;
let sending = null; // { ticket, mode, draft } of what is on its way

const form = () => document.getElementById("composer");
const text = () => document.getElementById("body");
export const isSending = () => sending !== null;
export const modeNow = () => form()?.querySelector('[name="mode"]:checked')?.value ?? (document.getElementById("send") ? "reply" : "note");

function status(words) {
  const line = document.getElementById("composer-state");
  if (line) line.textContent = words;
}

function composerError(words) {
  document.getElementById("composer-error")?.replaceChildren(...(words ? [refusal(words)] : []));
}

// ---------------------------------------------------------------- drafts and modes

function open(conversation) {
  draft = null;
  if (!conversation || !form()) return;
  for (const key of document.querySelectorAll("[data-submit-key]")) key.textContent = mac ? "⌘↵" : "Ctrl ↵";
  const typed = text().value; // what a page without scripts gave back
  load();
  if (typed && !text().value) text().value = typed;
  grow();
  const busyHere = sending?.ticket === conversation.key;
  lock(busyHere);
}

function load() {
  const mode = modeNow();
  draft = readDraft(form().dataset.ticket, mode);
  text().value = draft.text;
  text().placeholder = mode === "note" ? text().dataset.notePlaceholder : text().dataset.replyPlaceholder;
  document.getElementById("client-key").value = draft.key;
  setCard(draft.card);
  setMade(mode === "reply" ? draft.made : null);
  showGaps();
  status(draft.text || draft.card || draft.made ? say("draftKept") : "");
  grow();
}

function save() {
  if (!draft || !form()) return;
  draft.text = text().value;
  draft.card = modeNow() === "reply" ? cardNow() : null;
  draft.made = modeNow() === "reply" ? madeNow() : null;
  keepDraft(form().dataset.ticket, modeNow(), draft);
}

export function chooseMode(mode) {
  const radio = document.getElementById(`mode-${mode}`);
  if (radio && !radio.checked) {
    radio.checked = true;
    load();
  }
  text()?.focus();
}

// Puts words where an answer is written, below what stands there already. False where nobody may answer.
export function putWords(words) {
  if (!form() || !document.getElementById("send")) return false;
  chooseMode("reply");
  const field = text();
  field.value = field.value.trim() ? `${field.value.trimEnd()}\n\n${words}` : words;
  grow();
  save();
  status(say("draftKept"));
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  return true;
}

const grows = CSS.supports("field-sizing", "content");
function grow() {
  const field = text();
  if (grows || !field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

// ---------------------------------------------------------------- sending

function lock(on) {
  const element = form();
  if (!element) return;
  element.classList.toggle("busy", on);
  text().readOnly = on;
  for (const button of element.querySelectorAll(".composer-buttons button")) button.setAttribute("aria-disabled", String(on));
  if (on) status(say(sending.mode === "note" ? "saving" : "sending"));
  else if (!draft?.text) status("");
}

function refuseEmpty(event) {
  if (event.target !== form() || text().value.trim() || takeFiles().length || cardNow() || picturesNow().length) return;
  event.preventDefault();
  text().focus();
}

// What a quick reply left open would go to the buyer as it stands: asked for first, and sent so only when that is meant.
function refuseGaps(event) {
  const asIs = document.getElementById("as-is");
  if (event.target !== form() || modeNow() !== "reply" || !asIs || asIs.value || !gapsNow().length) return;
  event.preventDefault();
  const { submitter } = event.detail.triggeringEvent ?? {};
  const names = [...document.querySelectorAll("#composer-gaps [data-gap]")].map((gap) => gap.textContent);
  composerError(say("gapsLeft", { names: names.join(say("listComma")) }));
  const send = Object.assign(document.createElement("button"), { type: "button", className: "button small", textContent: say("sendAsIs") });
  send.addEventListener("click", () => {
    asIs.value = "1";
    (submitter ?? document.getElementById("send")).click();
  });
  document.querySelector("#composer-error .refusal").append(send);
  markGaps();
  selectGap(gapsNow()[0]);
}

// Puts words where the caret stands, or in place of `from`–`to`, so that they can be undone like typing.
export function insertWords(words, from = text().selectionStart, to = text().selectionEnd) {
  text().focus();
  text().setSelectionRange(from, to);
  if (!document.execCommand("insertText", false, words)) {
    text().setRangeText(words, from, to, "end");
    text().dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function before(event) {
  if (event.target !== form()) return;
  save();
  composerError("");
  notice("");
  sending = { ticket: form().dataset.ticket, mode: modeNow(), key: draft.key };
  lock(true);
}

// A request of the composer is over. `sent`: the server said so, and nothing else counts.
function after(event) {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig?.elt.id !== "composer" || !sending) return;
  const was = sending;
  sending = null;
  const asIs = document.getElementById("as-is");
  if (asIs) asIs.value = "";
  const sent = xhr.status === 200 && !isSignIn(xhr.responseURL || location.href) && xhr.responseText.includes('id="messages"');
  const here = form()?.dataset.ticket === was.ticket;
  if (sent) {
    dropDraft(was.ticket, was.mode);
    if (here) {
      forgetMissed();
      if (was.mode === "reply") markOwnSeen();
      clearFiles();
      if (was.mode === "reply") clearCard();
      if (modeNow() === was.mode) load();
    }
  }
  if (!here) {
    if (!sent) notice(say("notSent"));
    return;
  }
  lock(false);
  if (!sent) {
    status(say("draftKept"));
    failed(xhr);
  } else if (document.activeElement === document.body) text().focus();
}

function failed(xhr) {
  if (xhr.status === 0) return composerError(say("notSent"));
  if (xhr.responseText.includes('id="messages"')) return showMissed();
  const told = refusalOf(xhr.status, xhr.responseText);
  if (told.code === "client_key_reused") {
    draft.key = newKey(); // the first text did arrive: what stands here now is another
    document.getElementById("client-key").value = draft.key;
    save();
    composerError(say("arrived"));
  } else if (told.code === "ticket_closed") notice(told.text);
  else {
    composerError(told.text);
    showCardError(told.field);
  }
  if (xhr.status === 409) refreshMessages();
}

function submit() {
  const button = document.getElementById(modeNow() === "note" ? "save-note" : "send");
  if (button && !sending) button.click(); // htmx learns from the click which button it was
}

export function startComposer() {
  onOpen(open);
  if (conversationNow()) open(conversationNow());
  document.addEventListener("input", (event) => {
    if (event.target.id !== "body") return;
    grow();
    if (!event.target.value.trim()) forgetWords();
    save();
    showGaps();
    if (!event.target.value) status("");
    else if (!sending) status(event.target.value.length >= event.target.maxLength ? say("tooBig", { most: event.target.maxLength }) : say("draftKept"));
  });
  document.addEventListener("change", (event) => {
    if (event.target.name !== "mode" || !form()?.contains(event.target)) return;
    load();
    text().focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "body" && event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest('#composer [aria-disabled="true"]')) event.preventDefault();
  });
  document.body.addEventListener("htmx:configRequest", refuseEmpty);
  document.body.addEventListener("htmx:configRequest", refuseGaps);
  document.body.addEventListener("htmx:beforeRequest", before);
  document.body.addEventListener("htmx:afterRequest", after);
  startFiles();
  startGaps();
  startCard(() => {
    save();
    status(say("draftKept"));
  });
}
