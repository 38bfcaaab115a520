// What every signed-in page adds to links and forms that already work.
import { again } from "./again.js";
import { copyButtons } from "./copy.js";
import { forms } from "./confirm.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { mend } from "./mend.js";
import { notices } from "./notices.js";
import { toasts } from "./toast.js";

forms();
copyButtons();
live();
again();
notices();
keys();
toasts();
mend();

document.querySelector("[data-focus]")?.focus();

// One menu of a list is open at a time; Escape and a click beside it close it, and Escape the phone's own menu.
const menus = () => document.querySelectorAll("details.menu-of[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (location.hash === "#menu") {
    location.replace("#main");
    document.querySelector('a.menu[href="#menu"]').focus();
  }
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
