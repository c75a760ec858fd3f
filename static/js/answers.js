// How htmx's answers come into the page: merged by id; what was refused goes where it was asked for.
import { busy, isSignIn, refusalOf, signIn } from "./ask.js";
import { fromSeq, placeMessages, refreshMessages } from "./conversation.js";
import { notice, toast } from "./notice.js";
import { refreshQueue } from "./queue.js";
import { say } from "./words.js";

// Who asked: the event itself is told on the target.
const byComposer = (detail) => detail.requestConfig?.elt.id === "composer";

export function startAnswers() {
  window.htmx.defineExtension("keyed", {
    isInlineSwap: (style) => style === "keyed",
    handleSwap(style, _target, fragment) {
      if (style !== "keyed") return false;
      placeMessages(fragment);
      return [];
    },
  });
  const body = document.body;
  body.addEventListener("htmx:configRequest", ({ detail }) => {
    detail.parameters.from = fromSeq();
    const seen = document.getElementById("seen-seq");
    if (seen) detail.parameters.seen_seq = seen.value;
  });
  body.addEventListener("htmx:beforeRequest", () => busy(1));
  body.addEventListener("htmx:afterRequest", () => busy(-1));
  body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { xhr } = detail;
    if (isSignIn(xhr.responseURL || location.href)) {
      detail.shouldSwap = false;
      signIn();
    } else if (xhr.status >= 400 && !xhr.responseText.includes('id="messages"')) {
      detail.shouldSwap = false;
      if (!byComposer(detail)) {
        notice(refusalOf(xhr.status, xhr.responseText).text);
        if (xhr.status === 409) refreshMessages();
      }
    } else {
      if (xhr.status < 400) notice("");
      refreshQueue();
    }
  });
  const unreachable = ({ detail }) => !byComposer(detail) && notice(say("failed"));
  body.addEventListener("htmx:sendError", unreachable);
  body.addEventListener("htmx:timeout", unreachable);
  body.addEventListener("toast", ({ detail }) => {
    toast(detail);
    const menu = document.querySelector("#assign[open]");
    if (menu) menu.open = false;
  });
}
