// An editor whose form htmx sends at every pause: says what is saved, warns who leaves too early, and tries again.

// `kept`: the event that makes htmx send the form now. `line` says how it stands; `side()` is the answer's part that
// holds the words for "saved"; `done` is the link of who is done. `after` runs when an answer is in its place.
export function keepSaved({ form, line, side, done, kept, after }) {
  let edits = 0; // since the page was opened
  let covered = 0; // of them, those that the request under way has taken along
  let again = 0;
  let leaves = false;
  // By the address, not by who asked: the button of a conflict is gone when its answer has come.
  const isOurs = (event) => event.detail.pathInfo?.requestPath === location.pathname;

  function tell(words, isBad = false) {
    line.textContent = words;
    line.classList.toggle("is-bad", isBad);
  }

  function fail() {
    tell(line.dataset.failed, true);
    clearTimeout(again);
    again = setTimeout(() => window.htmx.trigger(form, kept), 5000);
  }

  form.addEventListener("input", () => {
    edits += 1;
    tell(line.dataset.typing);
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (!isOurs(event)) return;
    covered = edits;
    clearTimeout(again);
    tell(line.dataset.saving);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!isOurs(event)) return;
    const { status } = event.detail.xhr;
    if (status === 200) {
      tell(edits === covered ? side().dataset.saved : line.dataset.typing);
      after?.();
    } else if (status === 409) tell(line.dataset.typing, true);
    else if (status !== 204) fail();
  });
  for (const kind of ["htmx:sendError", "htmx:timeout"]) document.body.addEventListener(kind, fail);
  // A refusal that is none of ours is not put in place of the form.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status >= 400 && xhr.status !== 409) event.detail.shouldSwap = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaves && (edits !== covered || line.classList.contains("is-bad"))) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-leave]")) leaves = true;
  });
  // Whoever is done goes on once all is saved.
  done.addEventListener("click", (event) => {
    if (edits === covered && line.textContent !== line.dataset.saving) return;
    event.preventDefault();
    const { href } = event.currentTarget;
    const go = (answered) => {
      if (!isOurs(answered) || edits !== covered) return;
      document.body.removeEventListener("htmx:afterRequest", go);
      if (answered.detail.xhr.status !== 200) return;
      leaves = true;
      location.assign(href);
    };
    document.body.addEventListener("htmx:afterRequest", go);
    window.htmx.trigger(form, kept);
  });
}
