// Counts every wait down once a second, by the server's clock. Word and shape change at half and at the end.
import { countdown, duration, say } from "./words.js";

let ahead = 0; // the server's clock minus this one, in seconds
let onMiss = () => {};

const serverNow = () => Date.now() / 1000 + ahead;

export function setClock() {
  const now = Number(document.getElementById("queue")?.dataset.now);
  if (now) ahead = now - Date.now() / 1000;
}

function tick(element, now) {
  if ("ago" in element.dataset) {
    const seconds = now - Number(element.dataset.ago);
    return write(element, seconds < 60 ? say("moment") : say("ago", { time: duration(seconds) }));
  }
  if ("wait" in element.dataset) return wait(element, now);
  const due = Number(element.dataset.due);
  const since = Number(element.dataset.since) || due;
  const left = due - now;
  if ("goal" in element.dataset) return goal(element, left);
  const phase = left <= 0 ? "over" : now - since >= (due - since) / 2 ? "half" : "calm";
  if (element.dataset.phase !== phase) {
    if (phase === "over" && element.dataset.phase) onMiss();
    element.dataset.phase = phase;
  }
  const word = { over: "over", half: "half", calm: "left" }[phase];
  write(element, say(word, { time: left <= 0 ? duration(-left) : countdown(left) }));
}

// Why a ticket stands where it stands: the same time beside what it is about.
function goal(element, left) {
  write(element, say(left <= 0 ? "pastGoal" : "toGoal", { time: duration(Math.abs(left)), goal: element.dataset.goal }));
}

// A buyer who waits for somebody, in seconds: they are what counts.
function wait(element, now) {
  const since = Number(element.dataset.wait);
  const until = Number(element.dataset.until) || since + 30;
  element.dataset.phase = now >= until ? "over" : now - since >= (until - since) / 2 ? "half" : "calm";
  write(element, say("waits", { time: countdown(Math.max(0, now - since)) }));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function tickAll() {
  const now = serverNow();
  for (const element of document.querySelectorAll("[data-due], [data-ago], [data-wait]")) tick(element, now);
}

export function startTimers({ missed }) {
  setClock();
  tickAll();
  onMiss = missed;
  setInterval(tickAll, 1000);
}
