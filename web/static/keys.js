// Keys of one letter: `/` goes to the page's search, `j` and `k` through its rows, `?` shows what there is. Whoever speaks to their
// computer switches them off, each by itself (WCAG 2.1.4): this browser remembers it.
const OFF = "lectern-keys-off";
const ROWS = "main tbody tr, main .list > li";
const REACHED = "a[href], button, summary, input:not([type=hidden])";

const off = () => {
  try {
    return new Set((localStorage.getItem(OFF) ?? "").split(",").filter(Boolean));
  } catch {
    return new Set();
  }
};

function choose(key, on) {
  const now = off();
  if (on) now.delete(key);
  else now.add(key);
  try {
    localStorage.setItem(OFF, [...now].join(","));
  } catch {
    // A browser that keeps nothing has them all on.
  }
}

/** The switches of the list of keys show what this browser remembers. */
function switches(within) {
  const now = off();
  for (const box of within.querySelectorAll("[data-key]")) {
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.checked = !now.has(box.dataset.key);
    box.addEventListener("change", () => choose(box.dataset.key, box.checked));
  }
}

function search() {
  const field = document.querySelector("main input[type=search]");
  field?.focus();
  field?.select();
  return Boolean(field);
}

/** The row with the focus, or the first that is to be seen; then `by` further. */
function row(by) {
  const rows = [...document.querySelectorAll(ROWS)].filter((one) => one.checkVisibility() && one.querySelector(REACHED));
  const at = rows.findIndex((one) => one.contains(document.activeElement));
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.querySelector(REACHED).focus();
  return Boolean(next);
}

async function list() {
  const answer = await fetch("/keys", { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const dialog = document.createElement("dialog");
  dialog.className = "dialog stack";
  dialog.setAttribute("aria-labelledby", "keys-h");
  dialog.append(...page.querySelectorAll("[data-keys] > *"));
  dialog.addEventListener("close", () => dialog.remove());
  const close = dialog.querySelector("[data-keys-close]");
  close.hidden = false;
  close.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  switches(dialog);
  close.focus();
}

/** On the page of its own the list is there already. */
function tell() {
  if (document.querySelector("[data-keys]")) return false;
  list().catch(() => {});
  return true;
}

const KEYS = { "/": search, "?": tell, j: () => row(1), k: () => row(-1) };
const NAMES = { j: "j k", k: "j k" };

export function keys() {
  switches(document);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !Object.hasOwn(KEYS, event.key)) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    if (off().has(NAMES[event.key] ?? event.key)) return;
    if (KEYS[event.key]()) event.preventDefault();
  });
}
