// What Lighthouse says of the pages that are opened most, as on a slow phone: accessibility and best practices are 100. Speed is
// printed, the middle one of three runs, and judged by whoever reads it: it is a measurement.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import lighthouse from "lighthouse";
import { openProfile, signIn, useLectern } from "./lectern.js";

const RUNS = 3;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const lectern = useLectern();

/** A port nobody listens on. */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** The scores of each run, of what one person sees at an address. */
async function look(t, person, path) {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "lectern-profile-"));
  const profile = await openProfile(folder, port);
  t.after(async () => {
    await profile.close();
    await rm(folder, { recursive: true, force: true });
  });
  const page = await profile.newPage();
  await signIn(page, lectern, person);
  const address = await path(page);
  await page.close();
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { lhr } = await lighthouse(address, { port, output: "json", logLevel: "error", onlyCategories: CATEGORIES });
    assert.equal(new URL(lhr.finalDisplayedUrl).pathname, new URL(address).pathname, lhr.runtimeError?.message);
    runs.push(lhr);
  }
  return runs;
}

const score = (lhr, category) => Math.round(lhr.categories[category].score * 100);

/** What of a category is not as it should be. */
const wrong = (lhr, category) =>
  lhr.categories[category].auditRefs
    .map(({ id }) => lhr.audits[id])
    .filter((audit) => audit.score !== null && audit.score < 1)
    .map((audit) => `${audit.id}: ${audit.title} ${JSON.stringify(audit.details?.items?.slice(0, 3) ?? [])}`);

const student = { organization: "oakwood", role: "student" };
const PAGES = [
  ["the student's first page", student, async () => `${lectern.url}/`],
  [
    "the join page",
    student,
    async (page) => {
      await page.goto(lectern.url);
      return page.getByRole("link", { name: "Join the class" }).first().evaluate((link) => link.href);
    },
  ],
  ["the live board", { organization: "oakwood", role: "owner" }, async () => `${lectern.url}/live`],
];

for (const [name, who, path] of PAGES) {
  test(`Lighthouse finds nothing wrong with ${name}`, async (t) => {
    const runs = await look(t, lectern.person(who), path);
    for (const category of ["accessibility", "best-practices"]) {
      assert.deepEqual(runs.flatMap((lhr) => wrong(lhr, category)), [], category);
      assert.ok(runs.every((lhr) => score(lhr, category) === 100), category);
    }
    const speeds = runs.sort((a, b) => score(a, "performance") - score(b, "performance"));
    const middle = speeds[Math.floor(RUNS / 2)];
    const took = (id) => middle.audits[id].displayValue;
    const kilobytes = Math.round(middle.audits["total-byte-weight"].numericValue / 1000);
    t.diagnostic(
      `${name}: performance ${speeds.map((lhr) => score(lhr, "performance")).join(" ")}, first paint ${took("first-contentful-paint")}, ` +
        `largest ${took("largest-contentful-paint")}, blocked ${took("total-blocking-time")}, shift ${took("cumulative-layout-shift")}, ${kilobytes} kB`,
    );
  });
}
