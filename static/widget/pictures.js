// Files in the conversation, read with the visitor's own key: pictures shown, and large on a tap, others saved.
import { at, button, icon, make } from "./make.js";
import { say, sizeOf } from "./words.js";

const read = new Map(); // address → promise of a blob's address
let before = null; // what had the focus before a picture was opened
let way = {}; // address and headers

function load(file, small) {
  const path = `${way.address}${encodeURIComponent(file.id)}/${small && file.has_small ? "?size=small" : ""}`;
  if (!read.has(path)) {
    const loading = fetch(path, { headers: way.headers() }).then(async (answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      const type = file.is_image ? file.type : "application/octet-stream"; // never a page of this host
      return URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type }));
    });
    read.set(path, loading);
    loading.catch(() => read.delete(path));
  }
  return read.get(path);
}

export function drawFiles(files, given) {
  way = given;
  return make("div", { className: "files" }, ...files.map((file) => (isPicture(file) ? picture(file) : download(file))));
}

const isPicture = (file) => (file.id ? file.is_image : /^image\/(png|jpeg|gif|webp)$/.test(file.type));
const sourceOf = (file, small) => (file.id ? load(file, small) : Promise.resolve(URL.createObjectURL(file)));

function picture(file) {
  const image = make("img", { alt: file.name });
  const open = make("button", { type: "button", className: "picture", "aria-label": say("open", { name: file.name }) }, image);
  sourceOf(file, true).then(
    (source) => (image.src = source),
    () => open.replaceWith(download(file)),
  );
  open.addEventListener("click", () => enlarge(file));
  return open;
}

function download(file) {
  const link = button("", "file", async () => {
    try {
      make("a", { href: await sourceOf(file, false), download: file.name }).click();
    } catch {
      at("problem").textContent = say("noFile");
    }
  });
  link.setAttribute("aria-label", say("save", { name: file.name }));
  link.append(icon("file"), make("span", { className: "name" }, file.name), make("small", {}, sizeOf(file.size)));
  return link;
}

async function enlarge(file) {
  before = document.activeElement;
  const image = make("img", { alt: file.name });
  at("picture").hidden = false;
  at("large").replaceChildren(image);
  at("picture-close").focus();
  try {
    image.src = await sourceOf(file, false);
  } catch {
    at("large").replaceChildren(make("p", {}, say("noFile")));
  }
}

function closePicture() {
  at("picture").hidden = true;
  at("large").replaceChildren();
  if (before) before.focus();
}

at("picture").addEventListener("click", closePicture);
at("picture").addEventListener("keydown", (event) => event.key === "Tab" && event.preventDefault()); // one button is all there is
