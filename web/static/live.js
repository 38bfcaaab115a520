// Keeps a page about live classes current. A socket says that something happened; the page then takes its own parts
// over again from the server, so there is one place that knows how they look. Without a socket it asks every 5 s.
import { fetchParts, takeOver } from "./replace.js";

const POLL_MS = 5000;
const QUIET_MS = 250;
const SAY_MS = 5000;

export function live() {
  const page = document.querySelector("[data-live-page]");
  if (!page) return;
  // A page about one session hears of that one; a page that names kinds of events, of those alone.
  const session = page.dataset.livePage;
  const kinds = page.dataset.liveKinds?.split(" ");
  const at = page.dataset.liveAt ?? "/api/v1/live";
  let seq = page.dataset.seq;
  let lastChange = new Date();
  let poll = null;
  let due = null;
  let lookedAt = 0;
  let running = false;
  let again = false;
  let saidAt = 0;
  let sayLater = null;
  let wait = 500;

  let shown = "live";
  const show = (state) => {
    shown = state;
    const conn = document.querySelector("[data-conn]");
    if (!conn) return;
    conn.hidden = false;
    conn.classList.toggle("re", state !== "live");
    const text = conn.dataset[`${state}Words`].replace("%at", lastChange.toLocaleTimeString(document.documentElement.lang, { hour12: false }));
    const words = conn.querySelector("[data-conn-words]");
    if (words.textContent !== text) words.textContent = text;
  };

  const say = () => {
    const from = document.querySelector("[data-live-sentence]");
    const to = document.querySelector("[data-live-say]");
    if (!from || !to) return;
    clearTimeout(sayLater);
    const gap = saidAt + SAY_MS - Date.now();
    if (gap > 0) {
      sayLater = setTimeout(say, gap);
    } else {
      const sentence = from.textContent.replace(/\s+/g, " ").trim();
      if (sentence === to.textContent) return;
      saidAt = Date.now();
      to.textContent = sentence;
    }
  };

  const refresh = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      if (takeOver(await fetchParts(location.href))) {
        lastChange = new Date();
        say();
      }
    } finally {
      running = false;
      if (again) {
        again = false;
        soon();
      }
    }
  };
  // The first event is looked at now; many in one moment are one more look.
  const soon = () => {
    clearTimeout(due);
    due = setTimeout(() => {
      lookedAt = Date.now();
      // No answer: what happened is looked for again.
      refresh().catch(() => setTimeout(soon, POLL_MS));
    }, Math.max(0, lookedAt + QUIET_MS - Date.now()));
  };

  // The state may stand in a part that was taken over.
  document.addEventListener("taken-over", () => show(shown));

  const relevant = (event) => {
    if (event.type === "resync") return true;
    return (!session || event.session_id === session) && (!kinds || kinds.includes(event.type));
  };
  const seen = (event) => {
    if (event.seq) seq = String(event.seq);
    if (relevant(event)) soon();
  };

  const ask = async () => {
    const answer = await fetch(seq ? `${at}?since=${encodeURIComponent(seq)}` : at, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`answer ${answer.status}`);
    const news = await answer.json();
    // Asked for the first time: what happened since the page came is in no answer.
    if (!seq) soon();
    const events = news.events ?? [];
    events.forEach(seen);
    if (news.type === "resync") soon();
    if (news.seq !== undefined) seq = String(news.seq);
  };
  const startPolling = () => {
    if (poll) return;
    show("poll");
    poll = setInterval(() => ask().then(() => poll && show("poll"), () => show("again")), POLL_MS);
  };
  const stopPolling = () => {
    clearInterval(poll);
    poll = null;
  };

  // Two seconds without a socket are said, after ten the page asks by itself.
  let lostTimers = null;
  const lost = () => {
    lostTimers ??= [setTimeout(() => show("again"), 2000), setTimeout(startPolling, 10000)];
  };
  const found = () => {
    lostTimers?.forEach(clearTimeout);
    lostTimers = null;
    stopPolling();
    show("live");
  };

  const connect = () => {
    const address = new URL(at, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    if (seq) address.searchParams.set("since", seq);
    const socket = new WebSocket(address);
    socket.onopen = () => {
      found();
      wait = 500;
      // What happened between the page and the socket.
      soon();
    };
    socket.onmessage = (message) => {
      try {
        seen(JSON.parse(message.data));
      } catch {
        soon();
      }
    };
    socket.onclose = () => {
      lost();
      setTimeout(connect, wait + Math.random() * wait);
      wait = Math.min(wait * 2, 15000);
    };
  };
  lost();
  connect();
}
