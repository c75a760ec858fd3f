// Another file, or another way to take it: what was shown of it holds no more.
const form = document.getElementById("roster-import");
form.addEventListener("change", () => document.getElementById("roster-planned").replaceChildren());
