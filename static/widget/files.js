// Files on the way out: chosen, pasted or dropped.
import { at, icon, make } from "./make.js";
import { say, sizeOf } from "./words.js";

const MOST = 10;
const MOST_MB = 10;
const TOGETHER_MB = 30;
let chosen = [];

export const chosenFiles = () => chosen;

export function clearFiles() {
  chosen = [];
  show();
}

function put(files) {
  const fitting = files.filter(({ size }) => size <= MOST_MB * 1048576);
  const large = files.find((file) => !fitting.includes(file));
  const before = chosen;
  const all = [...before, ...fitting];
  const heavy = all.reduce((sum, { size }) => sum + size, 0) > TOGETHER_MB * 1048576;
  chosen = heavy ? before : all.slice(0, MOST);
  const problem = large ? say("tooLarge", { name: large.name, n: MOST_MB }) : heavy && say("tooHeavy", { n: TOGETHER_MB });
  show(problem || (all.length > MOST ? say("tooMany", { n: MOST }) : ""));
  at("box").focus();
}

function show(problem = "") {
  const list = at("chosen");
  list.replaceChildren(
    ...chosen.map((file) => {
      const remove = make("button", { type: "button", className: "icon", "aria-label": say("remove", { name: file.name }) }, icon("close"));
      remove.addEventListener("click", () => {
        chosen = chosen.filter((other) => other !== file);
        show();
        at("box").focus();
      });
      return make("li", {}, icon("file"), make("span", { className: "name" }, file.name), make("small", {}, sizeOf(file.size)), remove);
    }),
  );
  list.hidden = !chosen.length;
  at("problem").textContent = problem;
  list.dispatchEvent(new Event("change"));
}

// A pasted picture is called image.png by every browser; the time tells one from the next.
function named(file) {
  if (file.name && file.name !== "image.png") return file;
  const stamp = new Date().toTimeString().slice(0, 8).replace(/:/g, "");
  return new File([file], `image-${stamp}.${file.type.split("/")[1] || "png"}`, { type: file.type });
}

export function startFiles() {
  const panel = at("panel");
  const writable = () => !at("composer").hidden;
  at("attach").addEventListener("click", () => at("files").click());
  at("files").addEventListener("change", ({ target }) => {
    put([...target.files]);
    target.value = "";
  });
  at("box").addEventListener("paste", (event) => {
    const files = [...((event.clipboardData && event.clipboardData.files) || [])];
    if (!files.length) return;
    event.preventDefault();
    put(files.map(named));
  });
  const over = (on) => panel.classList.toggle("dropping", on);
  panel.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    over(writable());
  });
  panel.addEventListener("dragleave", (event) => event.relatedTarget || over(false));
  panel.addEventListener("drop", (event) => {
    over(false);
    event.preventDefault();
    if (writable()) put([...event.dataTransfer.files]);
  });
}
