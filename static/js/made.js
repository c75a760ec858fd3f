// What an answer was made of: the quick replies in it, which are counted when it is sent, and their pictures.
let made = { used: [], pictures: [] }; // pictures: { id, url, name, item }

const box = () => document.getElementById("reply-made");
const list = () => document.getElementById("reply-pictures");

export const madeNow = () => (made.used.length || made.pictures.length ? made : null);
export const picturesNow = () => made.pictures;

export function setMade(next) {
  made = { used: [...(next?.used ?? [])], pictures: [...(next?.pictures ?? [])] };
  show();
}

export function addMade(item, pictures) {
  const had = new Set(made.pictures.map((picture) => picture.id));
  setMade({
    used: made.used.includes(item) ? made.used : [...made.used, item],
    pictures: [...made.pictures, ...pictures.filter((picture) => !had.has(picture.id))],
  });
}

// A text that was emptied is made of nothing; a picture that stays keeps its reply.
export function forgetWords() {
  const kept = new Set(made.pictures.map((picture) => picture.item));
  if (made.used.some((item) => !kept.has(item))) setMade({ used: made.used.filter((item) => kept.has(item)), pictures: made.pictures });
}

function field(name, value) {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value });
}

function show() {
  if (!box()) return;
  box().replaceChildren(
    ...made.used.map((item) => field("used", item)),
    ...made.pictures.map((picture) => field("picture", picture.id)),
  );
  list().hidden = !made.pictures.length;
  list().replaceChildren(...made.pictures.map(row));
}

function row(picture) {
  const item = document.createElement("li");
  item.className = "reply-picture";
  const image = Object.assign(document.createElement("img"), { src: `${picture.url}?size=small`, alt: picture.name });
  const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
  remove.setAttribute("aria-label", list().dataset.remove.replace("{name}", picture.name));
  remove.addEventListener("click", () => {
    setMade({ used: made.used, pictures: made.pictures.filter((other) => other.id !== picture.id) });
    document.getElementById("body").dispatchEvent(new Event("input", { bubbles: true })); // the draft is kept
    document.getElementById("body").focus();
  });
  item.append(image, remove);
  return item;
}
