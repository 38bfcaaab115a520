// What only confirms leaves again: after eight seconds, unless the pointer or the focus rests on it. Problems stay.
const SHOWN_MS = 8000;

/** Lets an element go, later. */
export function leaves(element) {
  let away = null;
  const stay = () => clearTimeout(away);
  const leave = () => (away = setTimeout(() => element.remove(), SHOWN_MS));
  for (const rests of ["pointerenter", "focusin"]) element.addEventListener(rests, stay);
  for (const goes of ["pointerleave", "focusout"]) element.addEventListener(goes, leave);
  leave();
}

export function toasts() {
  const notice = document.querySelector(".notice.ok");
  if (!notice) return;
  notice.classList.add("floating");
  leaves(notice);
  // A page that is loaded again says nothing twice.
  const address = new URL(location.href);
  address.searchParams.delete("notice");
  address.searchParams.delete("undo");
  history.replaceState(history.state, "", address);
}
