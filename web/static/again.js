// A page that nobody tells of changes: it takes its own parts over again every so many seconds while it is looked at, for as
// long as one of them asks for it.
import { fetchParts, takeOver } from "./replace.js";

export function again() {
  const page = document.querySelector("[data-again]");
  if (!page) return;
  setTimeout(async () => {
    if (!document.hidden) await fetchParts(location.href).then(takeOver).catch(() => {});
    again();
  }, Number(page.dataset.again) * 1000);
}
