// A page that nobody tells of changes: it takes its own parts over again every so many seconds while it is looked at.
import { fetchParts, takeOver } from "./replace.js";

export function again() {
  const page = document.querySelector("[data-again]");
  if (!page) return;
  setInterval(() => {
    if (!document.hidden) fetchParts(location.href).then(takeOver).catch(() => {});
  }, Number(page.dataset.again) * 1000);
}
