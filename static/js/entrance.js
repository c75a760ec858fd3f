// Pages beside the desk: appearance, and a form that is sent once.
import { startAppearance, startForgetting } from "./appearance.js";

startAppearance();
startForgetting();
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-once]")) return;
  const button = event.target.querySelector("button");
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busyText) button.textContent = button.dataset.busyText;
  if (event.target.dataset.gone) event.preventDefault();
  event.target.dataset.gone = "1";
});
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
