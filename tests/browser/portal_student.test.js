// The student's portal; and what the demo's own page and the keyboard alone can do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, assertFits, signIn, useLectern } from "./lectern.js";
import { portal } from "./walk.js";

const lectern = useLectern();
portal(lectern, { role: "student", organization: "oakwood", least: 7 });

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
