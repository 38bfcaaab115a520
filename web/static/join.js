// The waiting part of a join page. It never joins anybody by itself: a page that was only opened waits for a click.
// The one exception is a page made after the person's own click (`data-resume`): it goes on when the door opens.
import { countdown } from "./countdown.js";
import { fetchParts, takeOver } from "./replace.js";

const WAITING = new Set(["preparing", "platform_down", "teacher_not_here"]);
const POLL_MS = 5000;

const panel = () => document.getElementById("join");
let stop = () => {};
let timer = null;
let clicked = false;
let resumed = false;

async function look() {
  const before = panel().dataset;
  const going = "resume" in before && WAITING.has(before.join);
  takeOver(await fetchParts(before.url));
  begin();
  if (going && panel().dataset.join === "ready" && !resumed) {
    resumed = true;
    const form = panel().querySelector("[data-join-form]");
    form.removeAttribute("target");
    form.requestSubmit();
  } else if (going) {
    panel().dataset.resume = "";
  }
}

function later(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(() => look().catch(() => later(POLL_MS)), milliseconds);
}

function begin() {
  stop();
  clearTimeout(timer);
  const state = panel().dataset.join;
  if (state === "early") {
    stop = countdown(panel(), () => later(500));
    // The instructor may open the door sooner.
    later(15000);
  } else if (WAITING.has(state)) {
    later(POLL_MS);
  } else if (state === "joined" || (state === "ready" && clicked)) {
    later(POLL_MS);
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-join-form][target]")) return;
  clicked = true;
  later(2000);
});

// A pasted code may hold spaces or Bengali digits.
document.addEventListener("input", (event) => {
  if (event.target.name !== "code") return;
  event.target.value = event.target.value
    .replace(/[\u09e6-\u09ef]/g, (digit) => String(digit.charCodeAt(0) - 0x09e6))
    .replace(/\D/g, "")
    .slice(0, 6);
});

begin();
