// The SOP beside a conversation: read when a ticket is opened, again when something of it changed, and gone through.
import { ask, coalesced, post, refusalOf } from "./ask.js";
import { putWords } from "./composer.js";
import { conversationNow, onOpen, onPlaced, showFacts } from "./conversation.js";
import { announce, notice, refusal } from "./notice.js";
import { fragmentOf, place } from "./place.js";
import { tickAll } from "./timers.js";
import { duration } from "./words.js";

const pane = () => document.getElementById("sop");
const lastAnswer = () => [...document.querySelectorAll("#messages li[data-kind='agent']")].at(-1)?.dataset.seq ?? "";
let waiting = 0;
let answered = "";

const refresh = coalesced(async () => {
  const now = pane();
  if (!now) return;
  const answer = await ask(now.dataset.sopUrl);
  if (answer.status === 200 && pane() === now) put(answer.html);
}, () => 300);

function put(html) {
  place(fragmentOf(html));
  answered = lastAnswer();
  tickAll();
  plan();
}

// A step that waits is looked at again when its time is over.
function plan() {
  clearTimeout(waiting);
  const until = Number(pane()?.querySelector("[data-sop-until]")?.dataset.sopUntil);
  if (!until) return;
  for (const left of document.querySelectorAll("[data-sop-left]")) left.textContent = duration(Math.max(0, until - Date.now() / 1000));
  waiting = setTimeout(() => (Date.now() / 1000 >= until ? refresh() : plan()), Math.min(60000, Math.max(1000, until * 1000 - Date.now() + 500)));
}

function look() {
  const now = pane();
  if (!now || now.dataset.mark === "-") return;
  const mark = document.getElementById("facts-body")?.dataset.sopMark ?? "";
  if (mark !== now.dataset.mark || (now.querySelector("[data-sop-unsaid]") && lastAnswer() !== answered)) refresh();
}

async function go(form, button) {
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const held = conversationNow()?.key;
  const fields = new FormData(form, button ?? undefined);
  // A picture is chosen in the ticket or from the computer: an empty file is none.
  for (const [name, value] of [...fields]) if (value instanceof File && !value.size) fields.delete(name);
  const answer = await post(form.action, fields);
  delete form.dataset.busy;
  if (answer.status === 401) return;
  if (answer.status === 200) {
    if (conversationNow()?.key !== held) return;
    notice("");
    for (const told of pane().querySelectorAll("[data-told]")) told.replaceChildren();
    put(answer.html);
    announce(pane()?.querySelector(".sop-step h4, .sop-offers h3")?.textContent ?? "");
    if (!pane().contains(document.activeElement)) main()?.focus({ preventScroll: true });
  } else refuse(form, refusalOf(answer.status, answer.html));
}

function refuse(form, { text, field }) {
  const box = form.querySelector("[role='alert']") ?? document.getElementById("sop-error");
  if (!box?.isConnected) return notice(text);
  box.replaceChildren(refusal(text));
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const input = field && form.querySelector(`[name="${CSS.escape(field)}"]`);
  if (input) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
  if (!field?.startsWith("evidence") && field !== "reason" && field !== "edge") refresh();
}

const main = () => pane()?.querySelector("[data-sop-main]");

// The key `p`: to what is to be done now.
export function goToStep() {
  if (!pane()) return;
  if (pane().offsetParent === null) showFacts(true);
  const first = pane().querySelector(".sop-do :is(input:not([type=hidden]), textarea, select)") ?? main();
  first?.scrollIntoView({ block: "nearest" });
  first?.focus({ preventScroll: true });
}

export function startSop() {
  onOpen((open) => {
    clearTimeout(waiting);
    if (open) refresh();
  });
  onPlaced(look);
  if (conversationNow()) refresh();
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-sop-form]")) return;
    event.preventDefault();
    go(event.target, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const words = event.target.closest("[data-sop-words]");
    if (!words) return;
    putWords(words.dataset.text);
    showFacts(false);
    document.getElementById("body")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    const form = event.target.closest?.("[data-sop-form]");
    if (form) form.requestSubmit(form.querySelector("button:not([type=button])"));
  });
}
