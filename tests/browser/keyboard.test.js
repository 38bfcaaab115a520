// The main journeys by the keyboard alone: nothing is clicked. And the keys of one letter, which can be switched off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signIn, until, useLectern } from "./lectern.js";

const STEPS = 120;
const lectern = useLectern();
const oakwood = (role) => lectern.person({ organization: "oakwood", role });

async function enters(t, person) {
  const page = await lectern.visitor(t, { viewport: { width: 1280, height: 900 } });
  await signIn(page, lectern, person);
  return page;
}

/** What has the focus: its name as it is read, and whether it can be seen. */
const focused = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    const of = at.labels?.[0] ?? at;
    const group = at.closest("[role=radiogroup]");
    const named = group && (document.getElementById(group.getAttribute("aria-labelledby")) ?? group);
    return { name: of.textContent.replace(/\s+/g, " ").trim(), group: named?.textContent.trim(), ring: getComputedStyle(at).outlineStyle, tag: at.tagName };
  });

/** Goes on with Tab until what is wanted has the focus. */
async function tabTo(page, wanted) {
  for (let step = 0; step < STEPS; step += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    if (at.tag === "BODY") continue;
    if (wanted(at)) return at;
  }
  assert.fail(`${STEPS} steps do not reach it`);
}

const called = (name) => (at) => name.test(at.name);

test("a teacher schedules a class, and ends one, without a mouse", async (t) => {
  const page = await enters(t, oakwood("instructor"));
  await page.goto(lectern.url);
  const link = await tabTo(page, called(/^Schedule a class/));
  assert.notEqual(link.ring, "none", "it is seen where the keyboard is");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/schedule/);
  await tabTo(page, called(/^Title$|^Title /));
  await page.keyboard.type("Kite making");
  // Some hours later, when nothing clashes.
  await tabTo(page, called(/^Starts$/));
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowUp");
  await tabTo(page, called(/^(See what will happen|Schedule 1 session)/));
  await page.getByRole("button", { name: "Schedule 1 session" }).waitFor();
  // What the form comes to stands where the button was: the focus is on it, or one step away.
  if (!/^Schedule 1/.test((await focused(page)).name)) await tabTo(page, called(/^Schedule 1 session/));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Kite making" }).waitFor();

  await page.goto(lectern.url);
  await tabTo(page, called(/^(Open|Details)/));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/sessions\//);
  await tabTo(page, called(/^End class/));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/end$/);
  await tabTo(page, called(/^End class/));
  await page.keyboard.press("Enter");
  await page.getByText(/The class ended at/).waitFor();
});

test("an administrator sets a lock with the arrow keys", async (t) => {
  const page = await enters(t, oakwood("owner"));
  await page.goto(`${lectern.url}/locks`);
  await tabTo(page, (at) => at.group?.startsWith("Waiting room"));
  const always = page.getByRole("radiogroup", { name: "Waiting room" }).getByLabel("Always");
  for (let step = 0; step < 4 && !(await always.isChecked()); step += 1) await page.keyboard.press("ArrowLeft");
  assert.ok(await always.isChecked());
  await tabTo(page, called(/^Save/));
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Saved" }).waitFor();
});

test("keys of one letter search, go through rows and tell of themselves, until they are switched off", async (t) => {
  const page = await enters(t, oakwood("owner"));
  await page.goto(`${lectern.url}/people`);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.type), "search");
  await page.keyboard.type("jk?/");
  assert.equal(await page.locator("main input[type=search]").inputValue(), "jk?/", "what is typed stays text");
  await page.goto(`${lectern.url}/classes`);
  await page.keyboard.press("j");
  const first = await focused(page);
  await page.keyboard.press("j");
  const second = await focused(page);
  assert.notEqual(second.name, first.name);
  await page.keyboard.press("k");
  assert.equal((await focused(page)).name, first.name);

  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.goto(`${lectern.url}/keys`);
  await tabTo(page, called(/^Go through the rows/));
  await page.keyboard.press("Space");
  await page.goto(`${lectern.url}/classes`);
  await page.keyboard.press("j");
  assert.equal((await focused(page)).tag, "BODY", "switched off, it does nothing");
  await page.keyboard.press("?");
  await until("the list that is still on", () => dialog.count());
});
