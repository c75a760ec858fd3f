// Choosing some of thousands: what is typed is looked for, what is found is taken by a click or by the keys.
function start(chooser) {
  const { url, name, all, none, remove, more } = chooser.dataset;
  const chosen = chooser.querySelector(".chooser-chosen");
  const words = chooser.querySelector("input[type=search]");
  const found = chooser.querySelector(".chooser-found");
  let asked = 0;

  const ids = () => new Set([...chosen.querySelectorAll("input")].map((input) => input.value));
  const show = (open) => { found.hidden = !open; words.setAttribute("aria-expanded", String(open)); };

  function take(id, label) {
    if (ids().has(String(id))) return;
    const item = document.createElement("li");
    const value = Object.assign(document.createElement("input"), { type: "hidden", name, value: id });
    const text = Object.assign(document.createElement("span"), { textContent: label });
    const drop = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    drop.dataset.drop = "";
    drop.setAttribute("aria-label", `${remove} ${label}`);
    item.append(value, text, drop);
    chosen.append(item);
  }

  function button(label, act, kind = "") {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: label, className: kind });
    made.setAttribute("role", "option");
    made.addEventListener("click", act);
    return made;
  }

  async function look() {
    const mine = ++asked;
    const query = new URLSearchParams({ q: words.value });
    const answer = await fetch(`${url}?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const { found: count, options } = await answer.json();
    const has = ids();
    const open = options.filter(([id]) => !has.has(String(id)));
    found.replaceChildren(...open.map(([id, label]) => button(label, () => { take(id, label); look(); words.focus(); })));
    if (count > 1 && open.length) found.prepend(button(`${all} (${count})`, takeAll, "chooser-all"));
    if (!open.length || count > options.length) {
      found.append(Object.assign(document.createElement("p"), { className: "quiet", textContent: count > options.length ? more : none }));
    }
    show(true);
  }

  async function takeAll() {
    const query = new URLSearchParams({ q: words.value, all: "" });
    const answer = await fetch(`${url}?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    for (const [id, label] of (await answer.json()).options) take(id, label);
    words.value = "";
    show(false);
    words.focus();
  }

  let waiting;
  words.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, 150); });
  words.addEventListener("focus", look);
  chooser.addEventListener("click", (event) => {
    const drop = event.target.closest("[data-drop]");
    if (!drop) return;
    drop.closest("li").remove();
    words.focus();
  });
  chooser.addEventListener("keydown", (event) => {
    const options = [...found.querySelectorAll("button")];
    const at = options.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && options.length && !found.hidden) options[Math.min(at + 1, options.length - 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (at ? options[at - 1] : words).focus();
    else if (event.key === "Escape" && !found.hidden) { show(false); words.focus(); }
    else if (event.key === "Enter" && document.activeElement === words) options[options[0]?.className ? 1 : 0]?.click();
    else if (event.key === "Backspace" && document.activeElement === words && !words.value) chosen.lastElementChild?.remove();
    else return;
    if (event.key !== "Backspace") event.preventDefault();
  });
  document.addEventListener("focusin", (event) => { if (!chooser.contains(event.target)) show(false); });
  document.addEventListener("pointerdown", (event) => { if (!chooser.contains(event.target)) show(false); });
}

for (const chooser of document.querySelectorAll("[data-chooser]")) start(chooser);
