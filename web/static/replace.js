// Takes over the parts of a page that changed: every element with `data-live` and an id. Open details, focus and the
// caret stay where they were; a part in which somebody is typing waits, and one in which they have typed what the fresh
// page does not know.
export async function fetchParts(url) {
  const answer = await fetch(url, { headers: { "X-Fragment": "1" }, credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`answer ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

const FIELDS = "input:not([type=hidden]), select, textarea";

// What was typed into a menu that was closed again is given up.
const typed = (field) => {
  if (field.closest("details:not([open])")) return false;
  if (field.matches("select")) {
    const first = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(first, 0);
  }
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
};

const busy = (part, knows) => {
  const active = document.activeElement;
  if (part.contains(active) && active.matches("input, select, textarea")) return true;
  return !knows && [...part.querySelectorAll(FIELDS)].some(typed);
};

// `knows`: the fresh page was made from what is typed in this one.
export function takeOver(fresh, knows = false) {
  let changed = false;
  for (const next of fresh.querySelectorAll("[data-live][id]")) {
    const part = document.getElementById(next.id);
    if (!part || part.outerHTML === next.outerHTML || busy(part, knows)) continue;
    const open = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const mark = focused && (focused.id ? `#${CSS.escape(focused.id)}` : pathOf(focused, part));
    const node = document.importNode(next, true);
    for (const id of open) node.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    part.replaceWith(node);
    if (mark) node.querySelector(mark)?.focus({ preventScroll: true });
    changed = true;
  }
  const title = fresh.querySelector("title")?.textContent;
  if (title) document.title = title;
  if (changed) document.dispatchEvent(new Event("taken-over"));
  return changed;
}

// Where a link or button without an id stands: the address it leads to is the same before and after.
function pathOf(element) {
  if (element.matches("a[href]")) return `a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  const action = element.closest("form")?.getAttribute("action");
  return action ? `form[action="${CSS.escape(action)}"] button` : null;
}
