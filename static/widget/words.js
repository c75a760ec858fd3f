// The words of the page's language: its file (en.js, zh.js) is loaded by the page and hands them over.
let words = {};

export const learn = (given) => (words = given);

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
const locale = navigator.language.startsWith(language) ? navigator.language : { zh: "zh-CN", en: "en" }[language];
const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });

export function say(key, values = {}) {
  return (words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// {"zh": "…", "en": "…"}, of which a store may have written only one.
export const ours = (texts) => (texts ? texts[language] || texts.en || texts.zh || "" : "");

export const timeOf = (date) => clock.format(date);

export function dayOf(date) {
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return say("today");
  today.setDate(today.getDate() - 1);
  return date.toDateString() === today.toDateString() ? say("yesterday") : day.format(date);
}

export const sizeOf = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);
