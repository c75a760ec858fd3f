// Whether what was typed says a spelling (`zhong|chong qing`), syllable by syllable, each by its beginning: `cq`,
// `chongq`, `zqing`. As knowledge/pinyin.py has it.
export const typedSound = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "");

export const syllablesOf = (spelling) => spelling.split(" ").filter(Boolean).map((syllable) => syllable.split("|"));

// → at which syllable it begins, or -1
export function soundsAt(syllables, typed) {
  return typed ? syllables.findIndex((_, at) => says(syllables.slice(at), typed)) : -1;
}

// `said` holds how much of it can be said so far.
function says(syllables, typed) {
  let said = new Set([0]);
  for (const readings of syllables) {
    const next = new Set();
    for (const at of said) for (const reading of readings) for (let many = 1; many <= shared(reading, typed, at); many += 1) next.add(at + many);
    said = next;
    if (!said.size || said.has(typed.length)) break;
  }
  return said.has(typed.length);
}

function shared(reading, typed, at) {
  let many = 0;
  while (many < reading.length && at + many < typed.length && reading[many] === typed[at + many]) many += 1;
  return many;
}
