// The browser knows which zone its reader lives in: until one is chosen, the times are shown in that.
const select = document.querySelector("[data-guess-zone] select");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const address = new URL(location.href);
if (select && zone && select.value !== zone && !address.searchParams.has("zone")) {
  address.searchParams.set("zone", zone);
  location.replace(address);
}
