// What the frame and the shop's page say to each other. The page speaks first; the answer goes to where that came from.
export const guest = { page: "", identity: null }; // what the page says of itself and of who is signed in there

let origin = null;
let queue = [];

export function tell(message) {
  if (window.parent === window) return;
  if (origin) window.parent.postMessage(message, origin);
  else queue.push(message);
}

export function hearPage(listener) {
  window.addEventListener("message", (event) => {
    const { source, data } = event;
    if (source !== window.parent || source === window || !data || typeof data !== "object") return;
    if (origin && event.origin !== origin) return;
    if (!origin) {
      origin = event.origin === "null" ? "*" : event.origin; // a page without an origin can't be named
      tell({ deskfleet: "ready" });
      queue.splice(0).forEach(tell);
    }
    listener(data);
  });
}
