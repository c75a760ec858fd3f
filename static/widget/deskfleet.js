// Deskfleet's chat for a shop's page: <script src="https://STORE/static/widget/deskfleet.js" data-key="pk_…" async></script>
// It puts one frame on the page and nothing else. All that it styles is styled by script, so a strict CSP needs only
// `script-src` and `frame-src` of the store's address.
(() => {
  "use strict";
  if (window.Deskfleet) return;
  const script = document.currentScript || document.querySelector('script[data-key][src*="/widget/deskfleet.js"]');
  const key = script && script.dataset.key;
  if (!key) return console.warn("Deskfleet: the script tag needs a data-key.");
  const origin = new URL(script.src).origin;
  const said = (script.dataset.language || document.documentElement.lang || navigator.language || "en").toLowerCase();
  const language = said.startsWith("zh") ? "zh" : "en";
  const phone = window.matchMedia("(max-width: 480px)");
  const listeners = {};
  const frame = document.createElement("iframe");
  const waiting = []; // what the page asked for before the frame was ready
  let identity = script.dataset.identity || null;
  let size = { open: false, width: 76, height: 76 };
  let ready = false;

  // `important`: the page may have rules of its own about every iframe.
  const style = (values) => Object.keys(values).forEach((name) => frame.style.setProperty(name, values[name], "important"));

  function place() {
    const left = (script.dataset.position || size.position) === "left";
    const full = size.open && phone.matches;
    const view = window.visualViewport; // smaller than the window while a phone's keyboard is up
    style({
      position: "fixed", border: "0", margin: "0", padding: "0", display: "block", "z-index": "2147483000",
      "max-width": "none", "max-height": "none", "min-width": "0", "min-height": "0", transform: "none", opacity: "1",
      background: "transparent", visibility: ready ? "visible" : "hidden",
      // Light like the frame's root, or a dark page paints a box behind the round launcher. The open panel follows the buyer.
      "color-scheme": size.open ? "light dark" : "light",
      top: full ? `${view ? view.offsetTop : 0}px` : "auto",
      bottom: full ? "auto" : size.open ? "16px" : "8px",
      left: full ? "0" : left ? "12px" : "auto",
      right: full || left ? "auto" : "12px",
      width: full ? "100%" : `min(${size.width}px, calc(100vw - 24px))`,
      height: full ? (view ? `${view.height}px` : "100%") : `min(${size.height}px, calc(100vh - 32px))`,
      "border-radius": full || !size.open ? "0" : "14px",
      "box-shadow": full || !size.open ? "none" : "0 12px 40px rgb(15 20 25 / 24%), 0 2px 6px rgb(15 20 25 / 16%)",
    });
  }

  // Where the browser denies the frame its storage, as private windows do, this page keeps it for the frame.
  const prefix = `deskfleet:${key}:`;

  function kept() {
    const all = {};
    try {
      for (const name of Object.keys(localStorage)) if (name.startsWith(prefix)) all[name.slice(prefix.length)] = localStorage[name];
    } catch {}
    return all;
  }

  function keep({ name, value }) {
    if (!/^[\w:-]{1,60}$/.test(name)) return;
    try {
      if (typeof value === "string") localStorage.setItem(prefix + name, value);
      else localStorage.removeItem(prefix + name);
    } catch {}
  }

  function tell(message) {
    if (!ready) return void waiting.push(message);
    frame.contentWindow.postMessage(message, origin);
  }

  const page = () => location.href.split("#")[0].slice(0, 500);
  const introduce = () => ({ deskfleet: "page", page: page(), identity, kept: kept() });
  const emit = (event, value) => (listeners[event] || []).forEach((listener) => listener(value));

  function hear({ source, origin: from, data }) {
    if (source !== frame.contentWindow || from !== origin || !data || typeof data !== "object") return;
    if (data.deskfleet === "ready" && !ready) {
      ready = true;
      place();
      waiting.splice(0).forEach(tell);
      emit("ready");
    } else if (data.deskfleet === "size") {
      const before = size.open;
      const number = (value) => Math.max(40, Math.min(800, Number(value) || 76));
      size = { open: data.open === true, width: number(data.width), height: number(data.height), position: data.position };
      place();
      if (before !== size.open) emit(size.open ? "open" : "close");
    } else if (data.deskfleet === "keep") {
      keep(data);
    } else if (data.deskfleet === "unread") {
      emit("unread", Number(data.count) || 0);
    }
  }

  function start() {
    frame.title = language === "zh" ? "在线客服" : "Chat";
    frame.src = `${origin}/chat/?key=${encodeURIComponent(key)}&lang=${language}`;
    place();
    window.addEventListener("message", hear);
    // To this origin and no other: who is signed in is for the store alone, and not for a page that refuses to be framed.
    frame.addEventListener("load", () => frame.contentWindow.postMessage(introduce(), origin));
    document.body.append(frame);
    phone.addEventListener && phone.addEventListener("change", place);
    if (window.visualViewport) ["resize", "scroll"].forEach((name) => window.visualViewport.addEventListener(name, place));
    setTimeout(() => {
      if (ready) return;
      frame.remove();
      window.removeEventListener("message", hear);
      console.warn(`Deskfleet: no chat from ${origin}. Is ${location.origin} on the store's list of allowed sites, and the key right?`);
    }, 8000);
  }

  window.Deskfleet = Object.freeze({
    open() {
      tell({ deskfleet: "open", page: page() });
      frame.focus();
    },
    close: () => tell({ deskfleet: "close" }),
    identify(token) {
      identity = token || null;
      tell(introduce());
    },
    // Events: ready, open, close, unread (with the number).
    on(event, listener) {
      (listeners[event] = listeners[event] || []).push(listener);
    },
  });
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
