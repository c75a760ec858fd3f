// The editor of an SOP: shows where it is not sound, moves cards by dragging. htmx does the sending.
import { keepSaved } from "./saving.js";

const form = document.getElementById("sop-form");
const side = () => document.getElementById("sop-side");
const cardOf = (element) => element.closest?.(".sop-card[data-step]");

keepSaved({
  form,
  side,
  line: document.getElementById("sop-saved"),
  done: document.getElementById("sop-done"),
  kept: "sop-moved",
});

// ---------------------------------------------------------------- where it is not sound

function faulty() {
  const name = side()?.dataset.fault;
  if (!name) return null;
  const exact = form.querySelector(`[name="${CSS.escape(name)}"]`);
  if (exact && exact.type !== "hidden") return exact;
  const key = name.split(".")[1];
  return document.getElementById(`step-${key}`)?.querySelector("input:not([type=hidden]), select") ?? exact;
}

function mark() {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  for (const card of form.querySelectorAll(".sop-card.is-faulty")) card.classList.remove("is-faulty");
  const input = faulty();
  if (!input) return;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", "sop-fault-words");
  input.closest(".sop-card")?.classList.add("is-faulty");
}

function look(card) {
  card.scrollIntoView({ block: "center", behavior: "instant" });
  card.classList.add("is-looked-at");
  setTimeout(() => card.classList.remove("is-looked-at"), 1500);
}

document.addEventListener("click", (event) => {
  const node = event.target.closest("[data-flow-step]");
  if (node) {
    event.preventDefault();
    const card = document.getElementById(`step-${node.dataset.flowStep}`);
    if (!card) return;
    look(card);
    card.querySelector("[data-step-title]")?.focus({ preventScroll: true });
  } else if (event.target.closest("[data-to-fault]")) {
    const input = faulty();
    if (!input) return;
    look(input.closest(".sop-card") ?? input);
    input.focus({ preventScroll: true });
  }
});

// ---------------------------------------------------------------- names of steps where they are led to

const languages = document.documentElement.lang.startsWith("zh") ? ["zh", "en"] : ["en", "zh"];
const titleOf = (card) => languages.map((language) => form.elements[`s.${card.dataset.step}.title.${language}`].value).find(Boolean) ?? "";

function rename(card) {
  const name = `${card.querySelector(".sop-number").textContent}. ${titleOf(card)}`;
  for (const option of form.querySelectorAll(`[data-targets] option[value="${CSS.escape(card.dataset.step)}"]`)) option.textContent = name;
}

form.addEventListener("input", (event) => {
  if (/^s\.[^.]+\.title\./.test(event.target.name)) rename(cardOf(event.target));
});

// ---------------------------------------------------------------- moving a card

let held = null;
document.addEventListener("dragstart", (event) => {
  if (!event.target.closest?.("[data-grip]")) return;
  held = cardOf(event.target);
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", held.dataset.step);
  event.dataTransfer.setDragImage(held, 20, 20);
  held.classList.add("is-held");
});
document.addEventListener("dragover", (event) => {
  const card = held && cardOf(event.target);
  if (!card) return;
  event.preventDefault();
  if (card === held) return;
  const { top, height } = card.getBoundingClientRect();
  if (event.clientY < top + height / 2) card.before(held);
  else card.after(held);
});
document.addEventListener("drop", (event) => held && event.preventDefault());
document.addEventListener("dragend", () => {
  if (!held) return;
  held.classList.remove("is-held");
  held = null;
  renumber();
  window.htmx.trigger(form, "sop-moved");
});

function renumber() {
  const cards = [...form.querySelectorAll(".sop-card[data-step]")];
  cards.forEach((card, at) => {
    card.querySelector(".sop-number").textContent = String(at + 1);
    rename(card);
    const [up, down] = card.querySelectorAll(".sop-card-tools button");
    up.disabled = at === 0;
    down.disabled = at === cards.length - 1;
  });
}

// After an answer: the fault where it is now, and the step that a button was about.
document.body.addEventListener("htmx:afterSettle", () => {
  mark();
  const to = document.getElementById("sop-cards")?.dataset.lookAt;
  if (!to) return;
  delete document.getElementById("sop-cards").dataset.lookAt;
  const card = document.getElementById(`step-${to}`);
  if (!card) return;
  card.scrollIntoView({ block: "nearest" });
  card.querySelector("[data-step-title]")?.focus({ preventScroll: true });
});
mark();
