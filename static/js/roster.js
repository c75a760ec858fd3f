// The roster's grid: cells are walked with the arrow keys, a shift or a plus opens its form, Delete takes a shift away.
const grid = document.querySelector("[data-roster]");
const dialog = document.getElementById("shift-dialog");

async function open(target) {
  const cell = target.closest("td");
  const asked = new URLSearchParams({ in: grid.dataset.in, time_zone: grid.dataset.zone, q: grid.dataset.q });
  if (target.dataset.shift) asked.set("shift", target.dataset.shift);
  else {
    asked.set("person", cell.dataset.person);
    asked.set("day", cell.dataset.day);
  }
  const answer = await fetch(`${grid.dataset.form}?${asked}`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return location.reload();
  dialog.innerHTML = await answer.text();
  window.htmx.process(dialog);
  dialog.showModal();
  dialog.querySelector("#shift-begins").select();
}

function step(target, key) {
  const cell = target.closest("td");
  const inside = [...cell.querySelectorAll("button")];
  const at = inside.indexOf(target);
  if (key === "ArrowDown" && at < inside.length - 1) return inside[at + 1];
  if (key === "ArrowUp" && at > 0) return inside[at - 1];
  const row = cell.parentElement;
  const other = { ArrowLeft: cell.previousElementSibling, ArrowRight: cell.nextElementSibling,
    ArrowDown: row.nextElementSibling?.cells[cell.cellIndex], ArrowUp: row.previousElementSibling?.cells[cell.cellIndex] }[key];
  const buttons = other ? [...other.querySelectorAll("button")] : [];
  return key === "ArrowUp" ? buttons.at(-1) : buttons[0];
}

if (grid) {
  grid.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (target) open(target);
  });
  grid.addEventListener("keydown", async (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    if (event.key.startsWith("Arrow")) {
      const next = step(target, event.key);
      if (next) next.focus();
      event.preventDefault();
    } else if ((event.key === "Delete" || event.key === "Backspace") && target.dataset.shift) {
      event.preventDefault();
      await open(target);
      dialog.querySelector("[data-remove]")?.focus();
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}
for (const part of document.querySelectorAll("[data-roster-bar] :is(select, input[type=date])")) {
  part.addEventListener("change", () => part.form.requestSubmit());
}
