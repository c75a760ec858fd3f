// Attachments by choosing, pasting and dropping. The file field itself holds them, so the form sends what is shown.
import { refusal } from "./notice.js";
import { say } from "./words.js";

const field = () => document.getElementById("files");
const form = () => document.getElementById("composer");

export const takeFiles = () => [...(field()?.files ?? [])];

const MOST_BYTES = 10 * 1024 * 1024; // as tickets/incoming.py has it

// What the server would refuse for its size is told now, and not after it has travelled.
function fitting(files) {
  const tooLarge = files.filter((file) => file.size > MOST_BYTES);
  const place = document.getElementById("composer-error");
  place.replaceChildren(...tooLarge.map((file) => refusal(say("tooLarge", { name: file.name }))));
  return files.filter((file) => file.size <= MOST_BYTES);
}

function put(files) {
  files = fitting(files);
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  field().files = transfer.files;
  show();
}

export function clearFiles() {
  if (field()) put([]);
}

function show() {
  const list = document.getElementById("chosen-files");
  const files = takeFiles();
  list.hidden = !files.length;
  list.replaceChildren(
    ...files.map((file, i) => {
      const item = document.createElement("li");
      item.className = "file";
      const name = document.createElement("span");
      name.className = "file-name";
      name.textContent = file.name;
      const size = document.createElement("span");
      size.className = "quiet";
      size.textContent = file.size < 1048576 ? `${Math.ceil(file.size / 1024)} KB` : `${(file.size / 1048576).toFixed(1)} MB`;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", say("removeFile", { name: file.name }));
      remove.addEventListener("click", () => {
        put(files.filter((_, other) => other !== i));
        document.getElementById("body").focus();
      });
      item.append(name, size, remove);
      return item;
    }),
  );
}

// A pasted picture is called image.png by every browser; the time tells one from the next.
function named(file) {
  if (file.name && file.name !== "image.png") return file;
  const stamp = new Date().toTimeString().slice(0, 8).replaceAll(":", "");
  return new File([file], `image-${stamp}.${file.type.split("/")[1] ?? "png"}`, { type: file.type });
}

export function startFiles() {
  const writable = () => form() && field() && form().querySelector('[value="note"]:checked') === null;
  document.addEventListener("change", (event) => event.target.id === "files" && put(takeFiles()));
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || event.target.id !== "body" || !writable()) return;
    event.preventDefault();
    put([...takeFiles(), ...files.map(named)]);
  });
  const over = (event) => event.target.closest?.("#composer, #scroller") && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!over(event)) return;
    event.preventDefault();
    if (writable()) form().classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget?.closest?.("#composer, #scroller")) form()?.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    form()?.classList.remove("dropping");
    if (!over(event)) return;
    event.preventDefault();
    if (writable()) put([...takeFiles(), ...event.dataTransfer.files]);
  });
}
