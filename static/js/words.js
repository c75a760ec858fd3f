// What the scripts say. The templates hand it over in the reader's language (tickets/_words.html).
const words = document.getElementById("words")?.dataset ?? {};

export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const pad = (n) => String(n).padStart(2, "0");

// 754 → "12:34"; from an hour on only what somebody would say.
export function countdown(seconds) {
  if (seconds >= 3600) return duration(seconds);
  return `${Math.floor(seconds / 60)}:${pad(Math.floor(seconds % 60))}`;
}

export function duration(seconds) {
  if (seconds < 60) return say("seconds", { n: Math.floor(seconds) });
  if (seconds < 3600) return say("minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86400) return say("hours", { h: Math.floor(seconds / 3600), m: Math.floor((seconds % 3600) / 60) });
  return say("days", { n: Math.floor(seconds / 86400) });
}
