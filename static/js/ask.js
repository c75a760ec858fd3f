// Reads a page's part. Shows a bar when it takes longer than 300 ms; leads to the sign-in when the session is over.
import { say } from "./words.js";

const desk = document.getElementById("desk");
const bar = document.getElementById("loading");
let waiting = 0;
let showing = 0;

export function busy(change) {
  waiting = Math.max(0, waiting + change);
  clearTimeout(showing);
  if (waiting) showing = setTimeout(() => (bar.hidden = false), 300);
  else bar.hidden = true;
}

export const isSignIn = (url) => new URL(url, location.href).pathname === desk.dataset.signIn;

export function signIn() {
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`${desk.dataset.signIn}?next=${next}`);
}

// The desk never just stands still: what can't be read now is said, and taken back when it can.
function trouble(is) {
  const line = document.getElementById("connection");
  if (is) line.textContent = say("reconnecting");
  else if (line.textContent === say("reconnecting")) line.textContent = "";
}

// → { status, html }; status 0 when the server could not be reached. Throws only when aborted.
export async function ask(url, { signal, quiet = true } = {}) {
  if (!quiet) busy(1);
  try {
    const limit = AbortSignal.timeout(20000);
    const answer = await fetch(url, {
      headers: { "HX-Request": "true" },
      signal: signal && AbortSignal.any ? AbortSignal.any([signal, limit]) : (signal ?? limit),
      credentials: "same-origin",
    });
    if (answer.redirected && isSignIn(answer.url)) {
      signIn();
      return { status: 401, html: "" };
    }
    trouble(answer.status >= 500);
    return { status: answer.status, html: await answer.text() };
  } catch (error) {
    if (signal?.aborted) throw error;
    trouble(true);
    return { status: 0, html: "" };
  } finally {
    if (!quiet) busy(-1);
  }
}

// Sends a form's fields. → { status, html, toast }; status 0 when the server could not be reached.
export async function post(url, body) {
  busy(1);
  try {
    const options = { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" };
    const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(20000) });
    if (answer.redirected && isSignIn(answer.url)) {
      signIn();
      return { status: 401, html: "" };
    }
    const told = answer.headers.get("HX-Trigger");
    return { status: answer.status, html: await answer.text(), toast: told ? JSON.parse(told).toast : null };
  } catch {
    return { status: 0, html: "" };
  } finally {
    busy(-1);
  }
}

// What to show for an answer that is not one: the server's own words where it has some, else ours.
export function refusalOf(status, html) {
  const content = document.createElement("template");
  content.innerHTML = html ?? "";
  const told = content.content.querySelector("[data-error]");
  if (told) return { code: told.dataset.error, field: told.dataset.field ?? "", text: told.textContent.trim() };
  const page = content.content.querySelector("#refusal");
  if (page) {
    const parts = [...page.querySelectorAll("h1, h1 + p")].map((part) => part.textContent.trim());
    return { code: String(status), field: "", text: parts.join(" – ") };
  }
  const key = status === 0 ? "failed" : status === 429 || status === 503 ? "busy" : "broken";
  return { code: String(status), field: "", text: say(key) };
}

// One at a time, starts at least `gap()` ms apart, and never more than half of the time spent on it.
export function coalesced(task, gap) {
  let running = false;
  let wanted = false;
  let timer = 0;
  let notBefore = 0;
  async function run() {
    timer = 0;
    running = true;
    wanted = false;
    const start = performance.now();
    try {
      await task();
    } finally {
      const end = performance.now();
      notBefore = Math.max(start + gap() * (document.hidden && gap() > 100 ? 4 : 1), end + Math.min(3000, end - start));
      running = false;
      if (wanted) plan();
    }
  }
  function plan() {
    if (running) wanted = true;
    else if (!timer) timer = setTimeout(run, Math.max(0, notBefore - performance.now()));
  }
  return plan;
}
