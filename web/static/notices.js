// Tells on any signed-in page what its reader was just told: a socket says that there is something, the page of notices has the
// words. With permission the browser shows it too while the page is in the background.
import { leaves } from "./toast.js";

const FRESH_MS = 60000;
const TELLS = new Set(["notice_given", "connection_changed", "resync"]);

export function notices() {
  const toasts = document.querySelector("[data-toasts]");
  if (!toasts) return;
  askButton();
  const known = new Set();
  let wait = 1000;
  let due = null;

  const items = async () => {
    const answer = await fetch(toasts.dataset.news, { credentials: "same-origin", headers: { "x-fragment": "1" } });
    if (!answer.ok) return [];
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return [...page.querySelectorAll("[data-notice]")];
  };
  const show = (item) => {
    const link = item.querySelector("a");
    const toast = document.createElement("div");
    toast.className = "toast";
    const open = document.createElement("a");
    open.href = link.getAttribute("href");
    open.textContent = link.textContent.trim();
    toast.append(open);
    toasts.append(toast);
    leaves(toast);
    if (document.hidden && "Notification" in window && Notification.permission === "granted") {
      const told = new Notification(open.textContent, { tag: item.dataset.notice });
      told.onclick = () => window.open(open.href, "_self");
    }
  };
  const look = async () => {
    for (const item of await items()) {
      const id = item.dataset.notice;
      if (known.has(id)) continue;
      known.add(id);
      show(item);
    }
  };
  // What was there when the page came is not news.
  const begin = async () => {
    for (const item of await items()) known.add(item.dataset.notice);
  };

  const connect = () => {
    const address = new URL("/api/v1/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    const opened = Date.now();
    socket.onmessage = (message) => {
      let event = {};
      try {
        event = JSON.parse(message.data);
      } catch {
        return;
      }
      if (!TELLS.has(event.type)) return;
      clearTimeout(due);
      due = setTimeout(() => look().catch(() => {}), 100);
    };
    socket.onclose = () => {
      if (Date.now() - opened > FRESH_MS) wait = 1000;
      setTimeout(() => {
        look().catch(() => {});
        connect();
      }, wait + Math.random() * wait);
      wait = Math.min(wait * 2, 60000);
    };
  };
  begin().then(connect, connect);
}

function askButton() {
  const button = document.querySelector("[data-ask-notifications]");
  if (!button || !("Notification" in window) || Notification.permission !== "default") return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    button.hidden = true;
  });
}
