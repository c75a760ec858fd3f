// After the end: how it was, and the conversation by e-mail. Each is asked once and answered once.
import { button, make } from "./make.js";
import { say } from "./words.js";

export function drawRating({ rated, rate, transcript }) {
  const box = make("section", { className: "form", "aria-label": say("ended") }, make("p", { className: "notice" }, say("ended"), " · ", say("again")));
  box.append(rated ? thanks(rated) : ratingForm(rate), mailForm(transcript));
  return box;
}

export const thanks = (score) => make("p", { role: "status", className: "done" }, say("rated", { label: say(`score${score}`) }));

function ratingForm(rate) {
  const scores = make("fieldset", { className: "scores" }, make("legend", {}, say("rate")));
  for (let score = 1; score <= 5; score += 1) {
    const input = make("input", { type: "radio", name: "score", value: String(score), id: `s-${score}`, required: true });
    scores.append(make("label", { htmlFor: input.id }, input, make("b", {}, String(score)), make("span", {}, say(`score${score}`))));
  }
  const comment = make("textarea", { rows: 2, maxLength: 1000, id: "comment" });
  const send = make("button", { type: "submit", className: "main", disabled: true }, say("rateSend"));
  const form = make("form", {}, scores, make("label", { htmlFor: "comment" }, say("comment")), comment, send);
  form.addEventListener("change", () => (send.disabled = !form.elements.score.value));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send.disabled = true;
    rate(Number(form.elements.score.value), comment.value.trim());
    setTimeout(() => (send.disabled = false), 5000); // no answer: it can be sent again
  });
  return form;
}

function mailForm(transcript) {
  const email = make("input", { type: "email", id: "mail-to", required: true, maxLength: 200, autocomplete: "email", placeholder: "name@example.com" });
  const told = make("p", { className: "quiet", id: "mail-told", role: "status" });
  email.setAttribute("aria-describedby", "mail-told");
  const send = make("button", { type: "submit" }, say("send"));
  const form = make("form", { className: "mail", noValidate: true }, make("label", { htmlFor: "mail-to" }, say("transcript")), make("div", {}, email, send), told);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!email.value || !email.validity.valid) {
      told.textContent = say("badEmail");
      return email.focus();
    }
    told.textContent = say("sending");
    transcript(email.value);
  });
  return form;
}

// Asked in place, so that the conversation stays in sight.
export function drawEnd(end, keep) {
  const yes = button(say("endYes"), "main", end);
  return make("div", { className: "ask", role: "alertdialog", "aria-label": say("end") }, make("p", {}, say("endAsk")), yes, button(say("endNo"), "", keep));
}
