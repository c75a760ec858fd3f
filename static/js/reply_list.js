// The list of quick replies in the admin: folders are looked into without leaving the page, and rows are dragged there.
const library = () => document.getElementById("reply-library");
const filters = () => document.getElementById("reply-filters");
let dragged = [];

document.addEventListener("click", (event) => {
  const link = event.target.closest(".reply-folders a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  document.getElementById("reply-folder").value = link.dataset.folder;
  history.replaceState({}, "", link.href);
  window.htmx.trigger(filters(), "submit");
});

document.addEventListener("change", (event) => {
  if ("all" in event.target.dataset) {
    for (const box of library().querySelectorAll("[name='ids']")) box.checked = event.target.checked;
  }
});

// What is dragged are the ticked ones, if it is one of them.
document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.("[data-reply]");
  if (!row) return;
  const ticked = [...library().querySelectorAll("[name='ids']:checked")].map((box) => box.value);
  dragged = ticked.includes(row.dataset.reply) ? ticked : [row.dataset.reply];
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", row.querySelector("th a").textContent);
  library().classList.add("dragging");
});
document.addEventListener("dragend", () => {
  dragged = [];
  library()?.classList.remove("dragging");
});

const target = (event) => (dragged.length ? event.target.closest?.("[data-drop]") : null);

document.addEventListener("dragover", (event) => {
  const folder = target(event);
  for (const other of document.querySelectorAll(".is-over")) if (other !== folder) other.classList.remove("is-over");
  if (!folder) return;
  event.preventDefault();
  folder.classList.add("is-over");
});
document.addEventListener("drop", (event) => {
  const folder = target(event);
  if (!folder) return;
  event.preventDefault();
  folder.classList.remove("is-over");
  window.htmx.ajax("POST", document.getElementById("reply-many").dataset.move, {
    target: "#reply-moved",
    swap: "innerHTML",
    values: { ids: dragged, folder: folder.dataset.folder, do: "move", sure: "1" },
  });
});
