// The widget's frame on the shop's page: a launcher. The conversation itself (chat.js) is loaded when somebody reaches
// for it, or when there is one already: most who visit a shop never ask anything.
import { dress } from "./color.js";
import { at } from "./make.js";
import { guest, hearPage } from "./page.js";
import { closePanel, drawBadge, openPanel, startPanel } from "./panel.js";
import { giveBack, names, openStore, read } from "./store.js";
import { ours, say } from "./words.js";

const config = JSON.parse(at("config").textContent);
let chat = null;
let started = false;

function reach() {
  chat = chat || import("./chat.js");
  chat.then(({ reached }) => reached()).catch(() => (chat = null)); // no network: at the next click again
}

function start() {
  if (started) return;
  started = true;
  startPanel({ config, reach });
  drawBadge(0);
  if (read("talk") || names("out:").length || guest.identity) reach();
}

openStore(config.key);
for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
for (const element of document.querySelectorAll("[data-label]")) {
  element.setAttribute("aria-label", say(element.dataset.label));
  if (element.tagName === "BUTTON") element.title = say(element.dataset.label);
}
at("box").placeholder = say("write");
at("greeting").textContent = ours(config.greeting);
dress(config.color);
at("launcher").addEventListener("pointerenter", reach, { once: true }); // ready by the time of the click

hearPage(({ deskfleet, page, identity, kept }) => {
  if (typeof page === "string") guest.page = page.slice(0, 500);
  if (deskfleet === "page") {
    const before = guest.identity;
    guest.identity = typeof identity === "string" && identity ? identity : null;
    if (started && before !== guest.identity && chat) chat.then(({ identified }) => identified(before));
    if (!started) giveBack(kept);
    start();
  } else if (deskfleet === "open") {
    start();
    reach();
    openPanel();
  } else if (deskfleet === "close") {
    closePanel();
  }
});
if (window.parent === window) start(); // opened by itself
