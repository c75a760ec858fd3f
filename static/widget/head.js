// The head of the panel: who is there, how long it takes, and whether there is a connection.
import { now } from "./conversation.js";
import { at, write } from "./make.js";
import { say } from "./words.js";

const JOINED = 8000; // ms that somebody is news

let joined = 0;
let handover = "";
let ended = "";

// Who was at the other end before decides what the change means.
export function noteState(before, after) {
  if (after.is === "with_agent" && (before.is !== "with_agent" || before.agent !== after.agent)) {
    joined = Date.now();
    setTimeout(drawHead, JOINED);
  }
  if (before.is === "with_agent" && after.is === "waiting") handover = before.agent || say("someone");
  else if (after.is !== "waiting") handover = "";
}

function who({ is, online, agent, place, wait_s: wait }) {
  if (ended) return say(ended);
  if (is === "with_agent") return say(Date.now() - joined < JOINED ? "joined" : "with", { name: agent || say("someone") });
  if (is === "ended") return say("ended");
  if (is !== "waiting") return say(online ? "idle" : "away");
  const parts = [place ? say("place", { n: place }) : say("waiting")];
  if (wait) parts.push(wait < 60 ? say("soon") : say("wait", { n: Math.ceil(wait / 60) }));
  return parts.join(" · ");
}

export function drawHead() {
  write(at("who"), who(now.state));
  const { is, online } = now.state;
  at("panel").dataset.state = is;
  at("end").hidden = !now.id || is === "ended" || is === "idle";
  const away = !online && now.introduced && is !== "with_agent" && is !== "ended";
  const text = handover ? say("handover", { name: handover }) : away ? say("awayTalk") : "";
  write(at("notice"), text);
  at("notice").hidden = !text;
}

export function drawLine(text, final = "") {
  ended = final;
  write(at("line"), text);
  at("line").hidden = !text;
  if (final) drawHead();
}
