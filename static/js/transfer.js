// Handing a ticket over: to whom, with a note for them and a line for the buyer. Nothing typed is lost.
import { ask, post, refusalOf } from "./ask.js";
import { placeMessages } from "./conversation.js";
import { dropDraft, keepDraft, readDraft } from "./drafts.js";
import { notice, refusal, toast } from "./notice.js";
import { fragmentOf } from "./place.js";
import { refreshQueue } from "./queue.js";

const dialog = document.getElementById("transfer");
const MODE = "transfer";
let draft = null;

const form = () => dialog.querySelector("form");
const field = (name) => form().elements[name];

export async function openTransfer() {
  const button = document.getElementById("do-transfer");
  if (!button || dialog.open) return;
  const answer = await ask(button.dataset.transfer, { quiet: false });
  if (answer.status !== 200) return answer.status === 401 ? undefined : notice(refusalOf(answer.status, answer.html).text);
  dialog.replaceChildren(fragmentOf(answer.html));
  restore();
  dialog.showModal();
  (dialog.querySelector("[name='assignee']") ?? dialog.querySelector("button")).focus();
}

function restore() {
  draft = readDraft(form().dataset.ticket, MODE);
  field("client_key").value = draft.key.slice(0, 80);
  const seen = document.getElementById("seen-seq");
  if (seen) field("seen_seq").value = seen.value;
  if (!field("note")) return;
  const [note, line] = draft.text ? JSON.parse(draft.text) : ["", ""];
  field("note").value = note;
  field("line").value = line;
}

function keep() {
  const words = [field("note").value, field("line").value];
  draft.text = words.some(Boolean) ? JSON.stringify(words) : "";
  keepDraft(form().dataset.ticket, MODE, draft);
}

async function handOver(event) {
  event.preventDefault();
  const sent = form();
  if (sent.dataset.busy) return;
  sent.dataset.busy = "1";
  const error = dialog.querySelector("#transfer-error");
  error.replaceChildren();
  const answer = await post(sent.action, new FormData(sent));
  delete sent.dataset.busy;
  if (answer.status === 200) {
    dropDraft(sent.dataset.ticket, MODE);
    dialog.close();
    placeMessages(fragmentOf(answer.html));
    if (answer.toast) toast(answer.toast);
    refreshQueue();
  } else if (answer.status === 409 && answer.html.includes('id="messages"')) showMissed(answer.html, error);
  else if (answer.status !== 401) refuse(refusalOf(answer.status, answer.html), error);
}

function refuse({ text, field: at }, error) {
  error.replaceChildren(refusal(text));
  const input = at && form().elements[at];
  input?.focus?.();
}

// What was written meanwhile is read here; sending again sends it knowingly.
function showMissed(html, error) {
  const content = fragmentOf(html);
  const told = refusalOf(409, html);
  const said = [...content.querySelectorAll(".missed .message-body")].map((body) => body.textContent);
  field("seen_seq").value = content.getElementById("seen-seq")?.value ?? field("seen_seq").value;
  const quotes = said.map((words) => Object.assign(document.createElement("blockquote"), { textContent: words }));
  error.replaceChildren(refusal(told.text), ...quotes);
  content.getElementById("composer-error")?.remove();
  placeMessages(content);
}

export function startTransfer() {
  document.addEventListener("click", (event) => event.target.closest("#do-transfer") && openTransfer());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close();
  });
  dialog.addEventListener("submit", handOver);
  dialog.addEventListener("input", keep);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) form().requestSubmit();
  });
}
