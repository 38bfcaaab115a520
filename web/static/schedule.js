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
  takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

form?.addEventListener("change", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => look().catch(() => {}), 300);
});
