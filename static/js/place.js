// Puts a server's answer into the page: every element with an id takes the place of its namesake, and only what
// differs is touched. Focus, open menus, scroll positions and selected text outlive it; lists are merged by id.

export function fragmentOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// `content`: a fragment or HTML. What belongs to another ticket than the one that is open is left alone.
export function place(content) {
  const fragment = typeof content === "string" ? fragmentOf(content) : content;
  const active = document.activeElement;
  for (const next of [...fragment.children]) {
    const now = next.id && document.getElementById(next.id);
    if (now && now.dataset.ticket === next.dataset.ticket) morph(now, next);
  }
  if (active?.isConnected && document.activeElement !== active) active.focus({ preventScroll: true });
}

function morph(now, next) {
  if (now.isEqualNode(next)) return;
  if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName || (now.id ?? "") !== (next.id ?? "")) {
    now.replaceWith(next);
    awake(next);
  } else if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
  } else {
    const ticking = ["due", "ago", "wait"].some((kind) => kind in now.dataset && kind in next.dataset);
    attributes(now, next, ticking);
    if (ticking || now.nodeName === "TEXTAREA" || "told" in now.dataset) return; // clock, writer and refusal have the last word
    if (isKeyed(next)) mergeList(now, next);
    else mergeChildren(now, next);
  }
}

const isKeyed = (element) => element.childElementCount > 0 && [...element.children].every((child) => child.id);
const KEPT = new Set(["open", "data-phase"]); // set by people and by the clock, not by the server

function attributes(now, next, ticking) {
  for (const { name, value } of next.attributes) {
    if (name === "data-phase" && ticking) continue;
    if (name === "class" && now.classList.contains("missed")) continue;
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name) && !KEPT.has(name)) now.removeAttribute(name);
  }
}

function mergeChildren(now, next) {
  const wanted = [...next.childNodes];
  const had = [...now.childNodes];
  wanted.forEach((want, i) => {
    if (i < had.length) morph(had[i], want);
    else {
      now.append(want);
      awake(want);
    }
  });
  had.slice(wanted.length).forEach((node) => node.remove());
}

function mergeList(now, next) {
  const wanted = [...next.children];
  const ids = new Set(wanted.map((child) => child.id));
  for (const node of [...now.childNodes]) {
    if (!node.id || !(ids.has(node.id) || "keep" in node.dataset)) node.remove();
  }
  const had = new Map([...now.children].map((child) => [child.id, child]));
  let at = now.firstElementChild;
  for (const want of wanted) {
    while (at && "keep" in at.dataset && !ids.has(at.id)) at = at.nextElementSibling;
    const have = had.get(want.id);
    if (!have) {
      now.insertBefore(want, at);
      awake(want);
      continue;
    }
    if (have !== at && at?.nextElementSibling === have) {
      now.append(at); // one that sinks must not push all the others up
      at = have;
    }
    if (have === at) at = at.nextElementSibling;
    else now.insertBefore(have, at);
    morph(have, want);
  }
}

function awake(node) {
  if (node.nodeType === Node.ELEMENT_NODE) window.htmx?.process(node);
}
