// The countdown on a student's first page: when the door opens, the page takes the button over.
import { countdown } from "./countdown.js";
import { fetchParts, takeOver } from "./replace.js";

const AGAIN_MS = 5000;
let stop = () => {};

function opened() {
  fetchParts(location.href)
    .then(takeOver)
    .catch(() => setTimeout(opened, AGAIN_MS));
}

function begin() {
  stop();
  stop = countdown(document.getElementById("next"), () => setTimeout(opened, 500));
}

document.addEventListener("taken-over", begin);
begin();
