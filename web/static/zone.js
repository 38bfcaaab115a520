// The browser knows which zone its reader lives in: the form begins with it.
const select = document.querySelector("[data-zone] select");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (select && zone && select.querySelector("[selected]") && !new URLSearchParams(location.search).has("zone")) {
  const known = [...select.options].find((option) => option.value === zone);
  if (known) select.value = zone;
}
