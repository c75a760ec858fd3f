// {variables} that a quick reply left open: shown below the text, reached by Tab, and caught before the answer is sent.
const VARIABLE = /\{([a-z_]{1,20})\}/g; // as knowledge/content/reply.py has it

const text = () => document.getElementById("body");
const words = () => document.getElementById("variable-words");
const row = () => document.getElementById("composer-gaps");

export const wordsFor = (name) => words()?.querySelector(`[data-name="${name}"]`)?.textContent ?? "";

// → [{ name, at, end }] of the known ones, in order
export function gapsIn(value) {
  return [...value.matchAll(VARIABLE)]
    .filter((found) => wordsFor(found[1]))
    .map((found) => ({ name: found[1], at: found.index, end: found.index + found[0].length }));
}

export const gapsNow = () => (text() ? gapsIn(text().value) : []);

export function selectGap(gap) {
  text().focus();
  text().setSelectionRange(gap.at, gap.end);
}

export function selectNamed(name) {
  const gap = gapsNow().find((one) => one.name === name);
  if (gap) selectGap(gap);
}

export function showGaps() {
  if (!row()) return;
  const names = [...new Set(gapsNow().map((gap) => gap.name))];
  row().hidden = !names.length;
  text().toggleAttribute("data-gaps", names.length > 0);
  if (!names.length) return unmark();
  row().querySelector("[data-gap-list]").replaceChildren(
    ...names.map((name) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "gap" });
      button.dataset.gap = name;
      button.append(wordsFor(name), " ", Object.assign(document.createElement("code"), { textContent: `{${name}}` }));
      return button;
    }),
  );
}

export function markGaps() {
  text().setAttribute("aria-invalid", "true");
  row()?.classList.add("refused");
}

function unmark() {
  text()?.removeAttribute("aria-invalid");
  row()?.classList.remove("refused");
}

export function startGaps() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-gap]");
    if (button) selectNamed(button.dataset.gap);
  });
  // On to the next one; after the last, Tab leaves the text as it always does.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.shiftKey || event.isComposing || event.target.id !== "body") return;
    const next = gapsNow().find((gap) => gap.at >= text().selectionEnd);
    if (!next) return;
    event.preventDefault();
    selectGap(next);
  });
}
