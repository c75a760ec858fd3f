// Why a ticket stands where it stands in the list: asked for when somebody wants to know.
import { ask, refusalOf } from "./ask.js";
import { notice } from "./notice.js";
import { fragmentOf } from "./place.js";

const GAP = 8; // px to the edges and to the row
const box = document.getElementById("why-here");

export async function openWhy(row) {
  const link = row?.querySelector("a[data-open]");
  if (!link) return;
  const { status, html } = await ask(`${link.pathname}why/`, { quiet: false });
  if (status !== 200) return notice(refusalOf(status, html).text);
  box.replaceChildren(fragmentOf(html));
  if (!box.matches(":popover-open")) box.showPopover();
  stand(document.getElementById(row.id) ?? row);
  box.focus({ preventScroll: true });
}

// Below the row, or above it where there is no room.
function stand(row) {
  const at = row.getBoundingClientRect();
  const below = at.bottom + GAP + box.offsetHeight <= innerHeight;
  const top = below ? at.bottom + GAP / 2 : Math.max(GAP, at.top - box.offsetHeight - GAP / 2);
  const left = Math.max(GAP, Math.min(at.left + GAP, innerWidth - box.offsetWidth - GAP));
  box.style.setProperty("inset-block-start", `${top}px`);
  box.style.setProperty("inset-inline-start", `${left}px`);
}

export function startWhy() {
  document.getElementById("queue-pane").addEventListener("click", (event) => {
    const asked = event.target.closest("[data-why]");
    if (asked) openWhy(asked.closest(".row"));
  });
}
