// A view inside somebody else's page: it keeps itself current, and says so when it may not be looked at any more.
import { forms } from "./confirm.js";
import { countdown } from "./countdown.js";
import { live } from "./live.js";
import { fetchParts, takeOver } from "./replace.js";

const AGAIN_MS = 10000;

function ended() {
  document.getElementById("main").replaceChildren();
  document.getElementById("ended").hidden = false;
  clearInterval(timer);
}

async function look() {
  try {
    takeOver(await fetchParts(location.href));
  } catch (error) {
    if (error.message === "answer 403") ended();
  }
}

const looked = () => document.hidden || look();
const timer = setInterval(looked, AGAIN_MS);
// Somebody comes back from the window that a button of ours opened.
document.addEventListener("visibilitychange", looked);
window.addEventListener("focus", looked);

let stop = () => {};
function begin() {
  stop();
  stop = countdown(document, () => setTimeout(look, 500));
}
document.addEventListener("taken-over", begin);
begin();

forms();
live();
