// The front door, as a stranger and as a member see it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, signIn, trySignIn, useLectern } from "./lectern.js";

const lectern = useLectern();

test("a stranger is shown the sign-in page", async (t) => {
  const page = await lectern.visitor(t);
  const answer = await page.goto(lectern.url);
  assert.equal(answer.status(), 200);
  assert.equal(await page.getByLabel(/password/i).count(), 1);
  assert.equal(await page.getByRole("button", { name: "Sign in" }).count(), 1);
  await assertAccessible(page);
});

test("a wrong password opens nothing", async (t) => {
  const page = await lectern.visitor(t);
  const person = lectern.person({ organization: "oakwood", role: "instructor" });
  await trySignIn(page, lectern, { ...person, password: `${person.password}x` });
  await page.getByLabel(/password/i).waitFor();
  await page.goto(lectern.url);
  assert.equal(await page.getByLabel(/password/i).count(), 1, "still signed out");
});

for (const role of ["owner", "admin", "instructor", "student"]) {
  test(`the seeded ${role} signs in`, async (t) => {
    const page = await lectern.visitor(t);
    await signIn(page, lectern, lectern.person({ organization: "oakwood", role }));
    await page.goto(lectern.url);
    assert.equal(await page.getByLabel(/password/i).count(), 0, "still signed in after coming back");
    await assertAccessible(page);
  });
}
