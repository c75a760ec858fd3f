// A file of articles: dropped or chosen, sent with its progress shown; buttons that work for a while say so.
const form = document.querySelector("[data-upload]");

if (form) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const name = form.querySelector("[data-name]");
  const progress = form.querySelector("[data-progress]");
  const told = progress.querySelector("[data-told]");
  const bar = progress.querySelector("progress");

  // On its way down: Unfold's own listener at the input looks for a field that there is not.
  form.addEventListener("change", (event) => {
    event.stopPropagation();
    if (input.files[0]) name.textContent = input.files[0].name;
  }, { capture: true });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    const button = form.querySelector("button");
    const end = () => {
      button.disabled = false;
      progress.hidden = true;
    };
    button.disabled = true;
    progress.hidden = false;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      told.textContent = told.dataset.sending.replace("{percent}", String(Math.round(bar.value)));
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      told.textContent = told.dataset.reading;
    });
    request.addEventListener("load", () => {
      if (request.status === 200) {
        location.assign(request.responseURL);
        return;
      }
      // A refusal is a page of its own: it takes this one's place, with what is wrong on top.
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      const refused = answer.getElementById("import-refused");
      end();
      if (!refused) {
        form.submit();
        return;
      }
      document.getElementById("import-refused")?.remove();
      form.before(refused);
      refused.scrollIntoView({ block: "center" });
    });
    request.addEventListener("error", () => {
      end();
      form.submit();
    });
    request.open("POST", form.action || location.href);
    request.send(new FormData(form));
  });
}

document.addEventListener("submit", (event) => {
  const busy = event.target.closest("[data-busy]");
  if (!busy) return;
  busy.querySelector("[data-busy-told]").hidden = false;
  setTimeout(() => {
    for (const button of busy.querySelectorAll("button")) button.disabled = true;
  });
});
