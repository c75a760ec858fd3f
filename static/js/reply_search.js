// Finds quick replies among all that the store holds: by words, pinyin, initials and shortcut, and with one slip of the
// hand. What fits best comes first, then what is for an event that runs, for this kind of ticket, what the agent uses
// most, then the store.
import { soundsAt, syllablesOf, typedSound } from "./sounds.js";

// What the server tells, made ready for searching once.
// `pack`: the folder of an event that is under way; its replies come before others that fit as well.
export function prepared({ folders, replies, pack = "" }) {
  const soundOfFolder = Object.fromEntries(Object.entries(folders).map(([name, sound]) => [name, syllablesOf(sound)]));
  return replies.map((reply) => ({
    ...reply,
    words: {
      shortcut: reply.shortcut.toLowerCase(),
      titles: [reply.title.zh, reply.title.en].filter(Boolean).map((title) => title.toLowerCase()),
      folder: reply.folder.toLowerCase(),
      first: `${reply.first.zh}\n${reply.first.en}`.toLowerCase(),
      english: reply.title.en.toLowerCase().match(/[a-z0-9]+/g) ?? [],
    },
    sounds: [syllablesOf(reply.sound), (reply.title.en.toLowerCase().match(/[a-z0-9]+/g) ?? []).map((word) => [word])],
    folderSound: soundOfFolder[reply.folder] ?? [],
    inPack: pack !== "" && inFolder(reply, pack),
  }));
}

export const inFolder = (reply, folder) => !folder || reply.folder === folder || reply.folder.startsWith(`${folder}/`);

export function find(replies, query, category = "") {
  const fits = (reply) => Number(category !== "" && reply.categories.includes(category));
  const parts = query.toLowerCase().normalize("NFKC").split(/[\s/]+/).filter(Boolean);
  return replies
    .map((reply) => ({ reply, score: scoreOf(reply, parts) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.reply.inPack - a.reply.inPack || fits(b.reply) - fits(a.reply) || b.reply.own_uses - a.reply.own_uses || b.reply.uses - a.reply.uses)
    .map(({ reply }) => reply);
}

// Each part must be found somewhere; the worst place says how well the whole fits.
function scoreOf(reply, parts) {
  let worst = 100;
  for (const part of parts) {
    const score = scoreOfPart(reply, part);
    if (!score) return 0;
    worst = Math.min(worst, score);
  }
  return worst;
}

function scoreOfPart({ words, sounds, folderSound }, part) {
  if (words.shortcut === part) return 100;
  if (words.shortcut.startsWith(part)) return 90;
  if (words.titles.some((title) => title.startsWith(part))) return 80;
  if (words.titles.some((title) => title.includes(part))) return 70;
  const typed = typedSound(part);
  const at = /^[\x20-\x7e]+$/.test(part) ? sounds.map((sound) => soundsAt(sound, typed)) : [];
  if (at.includes(0)) return 65;
  if (at.some((place) => place > 0)) return 60;
  if (words.folder.includes(part)) return 50;
  if (at.length && soundsAt(folderSound, typed) >= 0) return 45;
  if (words.first.includes(part)) return 40;
  if (words.english.some((word) => nearlyBegins(word, part))) return 30;
  return 0;
}

// One letter wrong, too many, missing, or two changed about; from four letters on.
function nearlyBegins(word, part) {
  if (part.length < 4 || !/^[a-z]+$/.test(part)) return false;
  return [-1, 0, 1].some((more) => isOneOff(word.slice(0, part.length + more), part));
}

function isOneOff(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
