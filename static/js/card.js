// A card beside the text of a reply: an offer to tap, a product, an order. Kept with the draft.
const box = () => document.getElementById("card-fields");
const kind = () => document.getElementById("card-kind");
const inputsOf = (name) => [...(box()?.querySelectorAll(`[data-card="${name}"] input`) ?? [])];

// → { kind, values } or null
export function cardNow() {
  const name = kind()?.value;
  return name ? { kind: name, values: inputsOf(name).map((input) => input.value) } : null;
}

export function setCard(card) {
  if (!box()) return;
  kind().value = card?.kind ?? "";
  box().hidden = !card;
  for (const part of box().querySelectorAll("[data-card]")) part.hidden = part.dataset.card !== card?.kind;
  for (const input of box().querySelectorAll(".card-inputs input")) {
    input.value = "";
    input.removeAttribute("aria-invalid");
  }
  inputsOf(card?.kind).forEach((input, i) => (input.value = card.values?.[i] ?? ""));
  trim();
}

export const clearCard = () => setCard(null);

// An offer shows its filled choices and one more, at least two.
function trim() {
  const inputs = inputsOf("offer");
  const last = inputs.findLastIndex((input) => input.value.trim());
  inputs.forEach((input, i) => (input.closest("label").hidden = i > Math.max(1, last + 1)));
}

export function showCardError(field) {
  if (!field?.startsWith("card")) return;
  const named = [...box().querySelectorAll(`[name="${field}"]`)];
  const filled = named.filter((one) => one.value.trim());
  const words = filled.map((one) => one.value.trim());
  const twice = filled.find((one, i) => words.indexOf(words[i]) < i);
  const input = twice ?? named.find((one) => !one.value.trim()) ?? named[0];
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
}

export function startCard(changed) {
  document.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add-card]");
    if (add) {
      setCard({ kind: add.dataset.addCard });
      add.closest("details").open = false;
      inputsOf(add.dataset.addCard)[0]?.focus();
      changed();
    } else if (event.target.closest("#card-remove")) {
      clearCard();
      document.getElementById("body").focus();
      changed();
    }
  });
  document.addEventListener("input", (event) => {
    if (!event.target.closest("#card-fields")) return;
    event.target.removeAttribute("aria-invalid");
    trim();
    changed();
  });
  // Enter goes on to the next field; only the keys of the text send.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.closest("#card-fields input")) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) return document.getElementById("send")?.click();
    const inputs = inputsOf(kind().value).filter((input) => !input.closest("label").hidden);
    (inputs[inputs.indexOf(event.target) + 1] ?? document.getElementById("send")).focus();
  });
}
