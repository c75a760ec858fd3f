// Choosing stores by name, marketplace and what they run; all of a table at once; one press of a button that takes a moment.

function chooseStores(form) {
  const rows = [...form.querySelectorAll("tr[data-words]")];
  const part = (name) => form.querySelector(`[data-publish-${name}]`);
  const box = (row) => row.querySelector("input");

  const count = () => {
    part("chosen").textContent = rows.filter((row) => box(row).checked).length;
    part("shown").textContent = rows.filter((row) => !row.hidden).length;
  };
  const show = () => {
    const words = part("words").value.trim().toLowerCase();
    const marketplace = part("marketplace").value;
    const state = part("state").value;
    for (const row of rows) {
      row.hidden =
        !row.dataset.words.includes(words) ||
        (marketplace !== "" && row.dataset.marketplace !== marketplace) ||
        (state !== "" && !row.dataset.state.split(" ").includes(state));
    }
    count();
  };
  part("words").addEventListener("input", show);
  part("words").addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  part("marketplace").addEventListener("change", show);
  part("state").addEventListener("change", show);
  part("all").addEventListener("click", () => {
    for (const row of rows) if (!row.hidden) box(row).checked = true;
    count();
  });
  part("none").addEventListener("click", () => {
    for (const row of rows) box(row).checked = false;
    count();
  });
  form.addEventListener("change", count);
  for (const input of form.querySelectorAll("[name=at], [name=time_zone]")) {
    input.addEventListener("input", () => { form.querySelector("[name=when][value=later]").checked = true; });
  }
  // One field instead of one for each store: a server takes a thousand fields at most.
  form.addEventListener("formdata", ({ formData }) => {
    formData.set("stores", formData.getAll("store").join(","));
    formData.delete("store");
  });
  show();
}

function pickAll(form) {
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-pick-all]")) return;
    for (const input of form.querySelectorAll("[name=item]:not(:disabled)")) input.checked = event.target.checked;
  });
}

function begin() {
  for (const form of document.querySelectorAll("[data-publish]")) chooseStores(form);
  for (const form of document.querySelectorAll("[data-pick]")) pickAll(form);
  for (const form of document.querySelectorAll("[data-publishing]")) {
    form.addEventListener("submit", () => {
      form.querySelector(".publish-wait").hidden = false;
      setTimeout(() => { form.querySelector("#publish-now").disabled = true; });
    });
  }
}

begin();
document.addEventListener("htmx:afterSwap", (event) => {
  for (const form of event.target.querySelectorAll("[data-pick]")) pickAll(form);
});
