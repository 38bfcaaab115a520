// What will happen stands beside the form and follows it: the look that its button asks for, a moment after each change.
import { takeOver } from "./replace.js";

const form = document.querySelector("form[data-plan]");
let turn = 0;
let waiting;

async function look() {
  const mine = ++turn;
  const answer = await fetch("/schedule/look", {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { "X-Fragment": "1" },
    credentials: "same-origin",
  });
  if (mine !== turn || ![200, 422].includes(answer.status)) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  takeOver(fresh, true);
  for (const field of form.querySelectorAll(".field")) if (!field.closest("[data-live]")) say(field, fresh);
}

// What is wrong with a field stands beside it, and goes when it is mended; one that nobody filled in yet is left alone.
function say(field, fresh) {
  const input = field.querySelector("input[id], select[id], textarea[id]");
  const there = input && fresh.getElementById(input.id);
  if (!there || there.closest(".field") === null) return;
  const wrong = there.closest(".field").querySelector('[id$="-error"]');
  const said = field.querySelector('[id$="-error"]');
  if (said?.textContent === wrong?.textContent || (wrong && !input.value)) return;
  said?.remove();
  if (wrong) input.after(document.importNode(wrong, true));
  field.classList.toggle("err", Boolean(wrong));
  for (const name of ["aria-invalid", "aria-describedby"]) {
    const value = there.getAttribute(name);
    if (value === null) input.removeAttribute(name);
    else input.setAttribute(name, value);
  }
}

form?.addEventListener("change", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => look().catch(() => {}), 300);
});
