// Another file: what was shown of the one before holds no more.
const form = document.getElementById("questions-import");
form.addEventListener("change", () => document.getElementById("questions-planned").replaceChildren());
