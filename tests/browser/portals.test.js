// Every page of every role that links lead to: nothing breaks WCAG 2.2 A and AA in light and dark, everything fits a phone, and the
// keyboard reaches what the pointer does. In English and in Bengali.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, assertFits, signIn, useLectern } from "./lectern.js";

const lectern = useLectern();
// More of one kind look like the first.
const OF_A_KIND = 1;

/** The kind of a page: its address with ids and figures taken out. */
const kindOf = (url) =>
  url.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27,}/g, "*").replace(/AX[\w-]{20,}/g, "*") + (url.searchParams.get("view") ?? url.searchParams.get("tab") ?? "");

/** Walks what can be walked by links from the first page on, one page of each kind. */
async function walk(page, look) {
  const seen = new Map();
  const queue = [new URL("/", lectern.url)];
  const known = new Set([kindOf(queue[0])]);
  while (queue.length) {
    const url = queue.shift();
    const answer = await page.goto(url.href);
    if (!answer || !/text\/html/.test(answer.headers()["content-type"] ?? "")) continue;
    assert.ok(answer.status() < 400, `${url.pathname} answers ${answer.status()}`);
    const kind = kindOf(url);
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    await look(kind);
    const links = await page.$$eval("a[href]:not([download])", (all) => all.map((a) => a.href));
    for (const link of links.map((href) => new URL(href))) {
      link.hash = "";
      if (link.origin !== new URL(lectern.url).origin || link.searchParams.has("lang") || /\.(csv|ics)$/.test(link.pathname)) continue;
      if (known.has(kindOf(link))) continue;
      known.add(kindOf(link));
      queue.push(link);
    }
    assert.ok((seen.get(kind) ?? 0) <= OF_A_KIND, `${kind} twice`);
  }
  return [...seen.keys()].sort();
}

const PORTALS = [
  { role: "student", organization: "oakwood", least: 7 },
  { role: "instructor", organization: "oakwood", least: 15 },
  { role: "owner", organization: "oakwood", least: 20 },
  { role: "super_admin", organization: null, least: 2 },
];

for (const { role, organization, least } of PORTALS) {
  test(`every page of the ${role} can be read by everybody, on a phone too`, async (t) => {
    const page = await lectern.visitor(t);
    await signIn(page, lectern, lectern.person({ organization, role }));
    await page.getByLabel(/password/i).waitFor({ state: "detached" });
    const kinds = await walk(page, async () => {
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await assertAccessible(page);
      }
      await assertFits(page);
    });
    assert.ok(kinds.length >= least, `${kinds.length} kinds of pages: ${kinds.join(" ")}`);
  });

  test(`every page of the ${role} in Bengali fits a phone and speaks Bengali`, async (t) => {
    const page = await lectern.visitor(t, { viewport: { width: 360, height: 740 } });
    await signIn(page, lectern, lectern.person({ organization, role }));
    await page.getByLabel(/password/i).waitFor({ state: "detached" });
    await page.goto(`${lectern.url}/?lang=bn`);
    await walk(page, async (kind) => {
      assert.equal(await page.getAttribute("html", "lang"), "bn", kind);
      await assertAccessible(page);
      await assertFits(page);
    });
  });
}

test("the demo's own page lets everybody in with one click", async (t) => {
  const page = await lectern.visitor(t);
  await page.goto(`${lectern.url}/demo`);
  await assertAccessible(page);
  await assertFits(page);
  const student = lectern.person({ organization: "oakwood", role: "student" });
  await page.getByRole("listitem").filter({ hasText: student.email }).getByRole("button").click();
  await page.getByRole("heading", { level: 1, name: /^Good / }).waitFor();
  await page.goto(`${lectern.url}/demo`);
  await page.getByRole("listitem").filter({ hasText: lectern.person({ role: "super_admin" }).email }).getByRole("button").click();
  await page.getByRole("heading", { level: 1, name: "Organizations" }).waitFor();
});

test("the keyboard alone leads from the first page into the class", async (t) => {
  const page = await lectern.visitor(t);
  await signIn(page, lectern, lectern.person({ organization: "oakwood", role: "student" }));
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "first of all the way past the navigation");
  await page.keyboard.press("Enter");
  for (let steps = 0; ; steps += 1) {
    assert.ok(steps < 20, "twenty steps do not reach the button");
    await page.keyboard.press("Tab");
    const [name, ring] = await page.evaluate(() => {
      const at = document.activeElement;
      return [at.textContent.trim(), getComputedStyle(at).outlineStyle];
    });
    assert.notEqual(ring, "none", `${name} shows where the keyboard is`);
    if (name === "Join the class") break;
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/join\/class\//);
});
