// A part of a page that renews itself: [data-refresh="15"] seconds, from [data-refresh-from]. Nothing moves under a
// hand: what somebody types in or has opened stays, focus and scroll come back, and a hidden page does not ask.
const busy = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");

async function renew(part) {
  if (document.hidden || busy(part) || !window.getSelection().isCollapsed) return;
  const asked = part.dataset.refreshFrom;
  let answer;
  try {
    answer = await fetch(asked, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  } catch {
    return;
  }
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
  const here = document.getElementById(part.id);
  if (!fresh || !here || here.dataset.refreshFrom !== asked || busy(here)) return;
  const focused = here.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const scrolled = [...here.querySelectorAll(".table-frame")].map((frame) => frame.scrollLeft);
  here.replaceChildren(...fresh.childNodes);
  [...here.querySelectorAll(".table-frame")].forEach((frame, index) => { frame.scrollLeft = scrolled[index] ?? 0; });
  if (focused) [...here.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

if (!window.deskfleetRefresh) {
  window.deskfleetRefresh = true;
  let second = 0;
  setInterval(() => {
    second += 1;
    for (const part of document.querySelectorAll("[data-refresh]")) if (second % Number(part.dataset.refresh) === 0) renew(part);
  }, 1000);
}
