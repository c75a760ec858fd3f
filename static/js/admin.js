// The admin's frame: htmx is known to the server, the palette opens and is walked by keys, the appearance is the house's.
import { startForgetting } from "./appearance.js";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
});

function startPalette() {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const words = palette.querySelector("input");
  const links = () => [...palette.querySelectorAll("#palette-found a")];
  const open = () => { palette.showModal(); words.select(); };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
    else if (event.target === palette) palette.close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (!palette.open) open();
    }
  });
  palette.addEventListener("keydown", (event) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && all.length) all[Math.min(at + 1, all.length - 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (at ? all[at - 1] : words).focus();
    else if (event.key === "Enter" && document.activeElement === words && all.length) all[0].click();
    else return;
    event.preventDefault();
  });
}

// Unfold keeps the chosen appearance under a name of its own; the house's pages read `theme`.
function startAppearance() {
  const keep = () => {
    const chosen = window.Alpine.$data(document.documentElement).adminTheme;
    const root = document.documentElement;
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
    else delete root.dataset.theme;
    try {
      if (root.dataset.theme) localStorage.setItem("theme", chosen);
      else localStorage.removeItem("theme");
    } catch {}
  };
  window.Alpine.effect(keep);
}

// What the frame leaves to the mouse works by keys too, and says what it is to who doesn't see it.
function startReach() {
  document.getElementById("main")?.setAttribute("role", "main");
  const toggle = document.querySelector(".nav-toggle");
  const name = document.querySelector("#nav-sidebar-inner");
  if (name) name.setAttribute("aria-label", name.ownerDocument.title.split(" · ").pop());
  for (const region of document.querySelectorAll(".simplebar-content-wrapper")) region.removeAttribute("role");
  for (const part of document.querySelectorAll("[x-on\\:click]")) {
    if (part.matches("a[href], button, input, select, label, summary") || part.querySelector("a, button, input")) continue;
    part.setAttribute("role", "button");
    part.tabIndex = 0;
    if (part.matches(".material-symbols-outlined")) part.setAttribute("aria-label", toggle?.ariaLabel || "");
    part.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      part.click();
    });
  }
  // An icon is a word of its font: "badge" would be read out before "People".
  for (const icon of document.querySelectorAll(".material-symbols-outlined:not([role])")) {
    const around = icon.closest("a, button, summary, [role=button]");
    const text = around?.textContent.replaceAll(icon.textContent, "").trim();
    if (!around || text || around.ariaLabel || around.title) icon.setAttribute("aria-hidden", "true");
  }
}

startPalette();
window.addEventListener("load", startReach);
startForgetting();
if (window.Alpine?.version) startAppearance();
else document.addEventListener("alpine:initialized", startAppearance);
