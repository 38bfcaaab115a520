// Counts down to the opening of a door by the server's clock: the page carries the server's instant, so a wrong
// clock on the device does not matter. Read aloud only at 10, 5 and 1 minute.
const BENGALI_ZERO = 0x09e6;

export function digits(text, lang) {
  if (lang !== "bn") return text;
  return text.replace(/\d/g, (digit) => String.fromCharCode(BENGALI_ZERO + Number(digit)));
}

export function words(seconds, lang, days) {
  const two = (n) => String(n).padStart(2, "0");
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  if (hours >= 24) {
    return digits(days.replace("%n", Math.floor(hours / 24)).replace("%h", hours % 24), lang);
  }
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = two(whole % 60);
  return digits(hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`, lang);
}

// Starts the countdown found in `root`; calls `opened` once when it reaches zero. Returns a function that stops it.
export function countdown(root, opened) {
  const clock = root.querySelector("[data-countdown]");
  if (!clock) return () => {};
  const { countdown: opensAt, now, lang, days } = clock.dataset;
  const drift = Date.parse(now) - Date.now();
  const say = root.querySelector("[data-countdown-say]");
  const spoken = new Set();
  const tick = () => {
    const left = (Date.parse(opensAt) - Date.now() - drift) / 1000;
    clock.textContent = words(left, lang, days);
    const minutes = Math.ceil(left / 60);
    if (say && [10, 5, 1].includes(minutes) && !spoken.has(minutes)) {
      spoken.add(minutes);
      if (spoken.size > 1 || left % 60 > 55) say.textContent = digits(say.dataset.minutes.replace("%n", minutes), lang);
    }
    if (left <= 0) {
      clearInterval(timer);
      opened();
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
  return () => clearInterval(timer);
}
