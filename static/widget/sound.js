// Two quiet notes for a new message. No browser lets a page sound before the first click, and none of ours tries.
import { read, write } from "./store.js";
import { at, icon } from "./make.js";

let audio = null;

const wanted = () => read("sound", true);

export function ring() {
  if (!audio || !wanted()) return;
  [660, 880].forEach((tone, i) => {
    const start = audio.currentTime + i * 0.12;
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = tone;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.06, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.15);
    source.connect(volume).connect(audio.destination);
    source.start(start);
    source.stop(start + 0.16);
  });
}

export function startSound(offered) {
  const toggle = at("sound");
  toggle.hidden = !offered;
  if (!offered) return;
  const draw = () => {
    toggle.setAttribute("aria-pressed", String(wanted()));
    toggle.replaceChildren(icon(wanted() ? "sound" : "mute"));
  };
  draw();
  toggle.addEventListener("click", () => {
    write("sound", !wanted());
    draw();
    ring();
  });
  const unlock = () => {
    if (!audio && window.AudioContext) audio = new AudioContext();
    if (audio) audio.resume();
  };
  document.addEventListener("pointerdown", unlock, { once: true });
  document.addEventListener("keydown", unlock, { once: true });
}
