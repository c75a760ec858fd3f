// What a message can carry besides words: an offer to tap, a product, an order.
import { icon, make } from "./make.js";
import { say } from "./words.js";

export function drawCard(card, { chosen, pick }) {
  if (card.type === "offer" && Array.isArray(card.options)) return offer(card.options, chosen, pick);
  if (card.type === "product") return box(card.title, [card.price], card.url);
  if (card.type === "order") {
    return box(say("orderCard", { n: card.number }), [card.status, card.items, card.total], card.url);
  }
  return null;
}

// Tapped once: then all of them are off, and the taken one says so in words and shape.
function offer(options, chosen, pick) {
  const list = make("div", { className: "offer", role: "group", "aria-label": say("choice") });
  for (const { id, label } of options) {
    const taken = id === chosen;
    const option = make("button", { type: "button", className: taken ? "taken" : "", disabled: chosen !== null }, taken ? icon("check") : "", make("span", { dir: "auto" }, label));
    if (taken) option.setAttribute("aria-label", say("chosen", { label }));
    option.addEventListener("click", () => {
      for (const other of list.children) other.disabled = true;
      pick({ id, label });
    });
    list.append(option);
  }
  return list;
}

function box(title, lines, url) {
  const card = make("div", { className: "card" }, make("strong", { dir: "auto" }, title || ""));
  for (const line of lines) if (line) card.append(make("span", { dir: "auto" }, line));
  if (/^https:\/\//i.test(url || "")) {
    card.append(make("a", { href: url, target: "_blank", rel: "noopener nofollow noreferrer", "aria-label": `${say("view")}: ${title}` }, say("view")));
  }
  return card;
}
