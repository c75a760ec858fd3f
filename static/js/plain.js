// A plain word that came along by socket, as the server would have sent it: a copy of its own markup, filled in.

const formats = new Map(); // by time zone

// "2026-11-30" and "14:05" in the store's time zone, as the templates write them.
function dayAndTime(at, timeZone) {
  if (!formats.has(timeZone)) formats.set(timeZone, new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" }));
  return formats.get(timeZone).format(new Date(at)).split(" ");
}

// → an `li` of the list, or null for what only the server can show: files, cards, notes, one's own answer with its mark,
// and the first word of a day.
export function plainWord({ seq, kind, author, text, at, card, files }) {
  const patterns = document.getElementById("patterns");
  const pattern = patterns?.content.querySelector(`li[data-kind="${CSS.escape(kind)}"]`);
  const mayBeOwn = kind === "agent" && author === patterns?.dataset.own;
  if (!pattern || mayBeOwn || !text || card || files.length) return null;
  const [day, time] = dayAndTime(at, patterns.dataset.timeZone);
  if (!document.getElementById(`d-${day}`)) return null;
  const word = document.importNode(pattern, true);
  word.id = `m-${seq}`;
  word.dataset.seq = seq;
  word.querySelector(".message-body").textContent = text;
  const name = kind === "buyer" ? document.getElementById("buyer").textContent : author;
  if (name) word.querySelector(".message-kind").lastChild.nodeValue = name;
  const clock = word.querySelector("time");
  clock.dateTime = at;
  clock.textContent = time;
  clock.removeAttribute("title"); // the full date comes with the next look
  return word;
}
