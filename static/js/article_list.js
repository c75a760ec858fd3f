// The list of articles: how many are ticked, and what can be done with them, follows the boxes.
const forms = () => [...document.querySelectorAll("form[data-chosen]")];

function show(form) {
  const bar = form.querySelector("[data-bulk]");
  if (!bar) return;
  const boxes = [...form.querySelectorAll("input[name=chosen]")];
  const ticked = boxes.filter((box) => box.checked).length;
  const count = bar.querySelector("[data-count]");
  count.textContent = ticked === 1 ? count.dataset.one : count.dataset.many.replace("%d", String(ticked));
  bar.hidden = ticked === 0;
  const all = form.querySelector("[data-all]");
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-chosen]");
  if (!form) return;
  if ("all" in event.target.dataset) {
    for (const box of form.querySelectorAll("input[name=chosen]")) box.checked = event.target.checked;
  }
  show(form);
});
// What is exported is what the list is narrowed to now.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-export]");
  const filters = document.getElementById("article-filters");
  if (link && filters) link.search = new URLSearchParams(new FormData(filters)).toString();
});
for (const form of forms()) show(form);
