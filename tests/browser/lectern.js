// What every browser test stands on: a Lectern of its own with its people, and windows to look at it.
//
//     const lectern = useLectern();                        // once a file
//     test("…", async (t) => {
//       const page = await lectern.visitor(t);             // a browser of one person: own cookies, nothing shared
//       await signIn(page, lectern, lectern.person({ organization: "oakwood", role: "admin" }));
//     });
//
// A visitor's test fails when a page asks anything of another machine, throws, breaks its own content policy or lacks
// a script, style, picture or font.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const BINARY =
  process.env.LECTERN_TEST_BINARY ?? fileURLToPath(new URL("../../target/debug/lectern", import.meta.url));
const CHROMIUM = process.env.LECTERN_TEST_CHROMIUM ?? "/usr/bin/chromium";
// Seeding goes through the real code, unoptimised, perhaps beside other work on a small machine.
const START_MS = 120_000;
const STOP_MS = 20_000;
// Whatever is to be seen is seen by then; nothing waits for the whole of it.
const SEEN_MS = 20_000;

const CHROMIUM_ARGS = [
  "--no-sandbox", // Chromium refuses to run as root with it
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Gives a test file its own Lectern and browser, from before its first test to after its last. */
export function useLectern(...args) {
  const lectern = new Lectern(args);
  before(() => lectern.start());
  after(() => lectern.stop());
  return lectern;
}

/** A running `lectern demo` and a browser. Once started, `url`, `mail`, `simulators` and `people` are what it printed. */
export class Lectern {
  #args;
  #server;
  #ended;
  #log = [];
  #folder;
  #browser;

  /** `args` are added to the demo's command line. */
  constructor(args = []) {
    this.#args = args;
  }

  /** Starts on free ports, and waits until people can sign in. */
  async start() {
    // Its temporary files go where we can remove them, whatever happens to it.
    this.#folder = await mkdtemp(join(tmpdir(), "lectern-demo-"));
    const args = ["demo", "--json", "--port", "0", "--simulators-port", "0", ...this.#args];
    this.#server = spawn(BINARY, args, {
      env: { ...process.env, TMPDIR: this.#folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    process.once("exit", this.#kill);
    this.#server.stderr.setEncoding("utf8").on("data", (text) => {
      this.#log.push(text);
      if (this.#log.length > 500) this.#log.shift();
    });
    this.#ended = new Promise((resolve) => {
      this.#server.once("error", (error) => resolve(`did not start: ${error.message}`));
      this.#server.once("exit", (code, signal) => resolve(signal ? `was ended by ${signal}` : `exited with ${code}`));
    });
    const firstLine = new Promise((resolve) => createInterface({ input: this.#server.stdout }).once("line", resolve));
    const ended = this.#ended.then((how) => Promise.reject(new Error(`lectern demo ${how}\n${this.log}`)));
    Object.assign(this, JSON.parse(await within(START_MS, "the demo's line", [firstLine, ended])));
    this.#browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  }

  /** Asks the demo to end, as a supervisor would; fails unless it ends well and in time. */
  async stop() {
    try {
      await this.#browser?.close();
      this.#server.kill("SIGTERM");
      const how = await within(STOP_MS, "the demo's end after SIGTERM", [this.#ended]);
      assert.equal(how, "exited with 0", `lectern demo ${how}\n${this.log}`);
    } finally {
      this.#kill();
      process.off("exit", this.#kill);
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  #kill = () => this.#server.kill("SIGKILL");

  /** The end of what the demo logged, for a failure's message. */
  get log() {
    return this.#log.join("").slice(-4000);
  }

  /** The seeded people that fit, e.g. `{ organization: "oakwood", role: "student" }`: the first, or the `nth`. */
  person(wanted, nth = 0) {
    const fitting = this.people.filter((one) => Object.entries(wanted).every(([key, value]) => one[key] === value));
    assert.ok(fitting.length > nth, `the demo has ${fitting.length} people with ${JSON.stringify(wanted)}`);
    return fitting[nth];
  }

  /** The messages sent to an address so far, as the mail catcher keeps them. */
  async mailTo(address) {
    const answer = await fetch(`${this.mail}/api/messages`);
    assert.equal(answer.status, 200);
    return (await answer.json()).filter((message) => [message.to].flat().some((to) => to.includes(address)));
  }

  /**
   * Posts to a simulator's control, e.g. `control("zoom", "faults", {…})`, or reads it when there is no body. Simulators are
   * named as in what the demo printed: `zoom`, `graph`, `google`.
   */
  async control(simulator, path, body) {
    const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(`${this.simulators[simulator]}/_control/${path}`, init);
    assert.ok(answer.ok, `${simulator}'s _control/${path} answered ${answer.status}`);
    const text = await answer.text();
    return text && JSON.parse(text);
  }

  /** The demo's time. */
  async now() {
    return new Date((await this.control("zoom", "clock")).now);
  }

  /** Moves the demo's time on. Whoever sits in a simulated meeting by a browser would be lost by more than a minute. */
  async advance(seconds) {
    await this.control("zoom", "clock", { advance_seconds: seconds });
  }

  /** A page in a context of its own, for whoever closes it. */
  async window(options = {}) {
    const context = await this.#browser.newContext({ locale: "en-GB", timezoneId: "Europe/London", ...options });
    context.setDefaultTimeout(SEEN_MS);
    return context.newPage();
  }

  /** A new person at a new browser: a page in a context of its own, closed and judged when the test `t` ends. */
  async visitor(t, options = {}) {
    const context = await this.#browser.newContext({ locale: "en-GB", timezoneId: "Europe/London", ...options });
    context.setDefaultTimeout(SEEN_MS);
    const problems = await watch(context);
    t.after(async () => {
      await context.close();
      assert.deepEqual(problems, [], "a page had problems");
    });
    return context.newPage();
  }
}

/** A browser with a profile of its own in a folder, which other programs can steer through a port. */
export function openProfile(folder, port) {
  const args = [...CHROMIUM_ARGS, `--remote-debugging-port=${port}`];
  return chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, args, locale: "en-GB" });
}

/** Signs a person in, and waits until they are in: the form has a heading too, and keys pressed on it are lost. */
export async function signIn(page, lectern, person) {
  await trySignIn(page, lectern, person);
  await page.getByLabel(/password/i).waitFor({ state: "detached" });
  await page.waitForLoadState();
}

/** Fills in the form that the front door shows to a stranger and sends it, whatever the answer is. */
export async function trySignIn(page, lectern, person) {
  await page.goto(lectern.url);
  const organization = page.getByLabel(/organi[sz]ation|school/i);
  if (await organization.count()) await organization.fill(person.organization ?? "");
  await page.getByLabel(/e-?mail/i).fill(person.email);
  await page.getByLabel(/password/i).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Fails with the rule and the elements when a page breaks WCAG 2.2 A or AA as far as a machine can tell. */
export async function assertAccessible(page) {
  await page.waitForLoadState(); // without its styles a page is another one
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  const told = violations.map((rule) => `${rule.id}: ${rule.help}: ${rule.nodes.map((n) => n.target).join(", ")}`);
  assert.deepEqual(told, [], `accessibility of ${page.url()}`);
}

/** Fails when a page is wider than a small phone. */
export async function assertFits(page) {
  await page.waitForLoadState();
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const parts = [...document.querySelectorAll("main *")].filter((part) => part.getBoundingClientRect().right > clientWidth);
    return [`${scrollWidth} px`, ...parts.slice(0, 5).map((part) => part.outerHTML.slice(0, 120))];
  });
  await page.setViewportSize(before);
  assert.deepEqual(wide, [], `${page.url()} does not fit 360 px`);
}

/** Asks again and again until there is an answer that is not false, and gives it. */
export async function until(what, ask) {
  const end = Date.now() + SEEN_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${SEEN_MS / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Writes down what no page may do. Refused navigations are the server's right, so documents are not judged. */
async function watch(context) {
  const problems = [];
  const parts = new Set(["script", "stylesheet", "image", "font"]);
  await context.route(
    (url) => !["127.0.0.1", "localhost", "[::1]"].includes(url.hostname),
    (route) => {
      problems.push(`asked another machine: ${route.request().url()}`);
      return route.abort();
    },
  );
  context.on("response", (response) => {
    if (response.status() >= 400 && parts.has(response.request().resourceType())) {
      problems.push(`${response.status()}: ${response.url()}`);
    }
  });
  context.on("weberror", (error) => problems.push(`script failed: ${error.error().message}`));
  context.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      problems.push(`console: ${message.text()}`);
    }
  });
  return problems;
}

async function within(ms, what, promises) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms / 1000} s for ${what}`)), ms);
  });
  try {
    return await Promise.race([...promises, late]);
  } finally {
    clearTimeout(timer);
  }
}
