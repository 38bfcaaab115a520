// The main journeys in a browser that runs no scripts: everything is links and forms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signIn, until, useLectern } from "./lectern.js";

const lectern = useLectern();
const oakwood = (role, nth) => lectern.person({ organization: "oakwood", role }, nth);

async function enters(t, person) {
  const page = await lectern.visitor(t, { javaScriptEnabled: false });
  await signIn(page, lectern, person);
  return page;
}

test("a student comes from the first page into the class, and chooses what they are told", async (t) => {
  const page = await enters(t, oakwood("student"));
  await page.getByRole("link", { name: "Join the class" }).first().click();
  const [room] = await Promise.all([page.waitForEvent("popup"), page.getByRole("button", { name: "Join the class" }).click()]);
  await room.waitForURL((url) => Object.values(lectern.simulators).some((base) => url.href.startsWith(base)));
  await page.reload();
  await page.getByText(/You joined at/).waitFor();
  for (const name of ["Calendar", "Classes"]) {
    await page.goto(lectern.url);
    await page.getByRole("link", { name, exact: true }).first().click();
    await page.getByRole("heading", { level: 1 }).waitFor();
  }
  await page.goto(`${lectern.url}/me`);
  await page.getByRole("combobox", { name: "Language", exact: true }).selectOption("bn");
  await page.getByRole("button", { name: "Save" }).click();
  await until("the page in Bengali", async () => (await page.getAttribute("html", "lang")) === "bn");
});

test("a teacher schedules a weekly class, ends the one that runs after a question, and verifies its sheet", async (t) => {
  const page = await enters(t, oakwood("instructor"));
  await page.goto(`${lectern.url}/schedule`);
  await page.getByLabel("Title", { exact: true }).fill("Lantern making");
  await page.getByLabel("Day", { exact: true }).fill(new Date((await lectern.now()).getTime() + 3 * 86_400_000).toISOString().slice(0, 10));
  await page.getByLabel("Repeats").selectOption("weekly");
  await page.getByText("How often, and until when").click();
  await page.locator('input[name="count"]').fill("4");
  await page.getByRole("button", { name: "See what will happen" }).click();
  await page.getByRole("button", { name: "Schedule 4 sessions" }).click();
  await page.getByRole("heading", { level: 1, name: "Lantern making" }).waitFor();

  await page.goto(lectern.url);
  await page.getByRole("main").getByRole("link", { name: /Open|Details/ }).first().click();
  await page.getByRole("link", { name: "End class" }).click();
  await page.getByRole("button", { name: "End class" }).click();
  await page.getByText(/The class ended at/).waitFor();
  await lectern.advance(6 * 60);
  await page.getByRole("link", { name: "Attendance" }).first().click();
  const verify = page.getByRole("button", { name: /Verify the/ });
  await until("verdicts that are clear", async () => {
    await page.reload();
    return verify.count();
  });
  await verify.first().click();
  await page.getByRole("status").filter({ hasText: /[Vv]erified/ }).waitFor();
});

test("an administrator sets a lock, and takes somebody's account and gives it back", async (t) => {
  const page = await enters(t, oakwood("owner"));
  await page.goto(`${lectern.url}/locks`);
  await page.getByRole("radiogroup", { name: "Waiting room" }).getByLabel("Always").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").filter({ hasText: "Saved" }).waitFor();
  assert.ok(await page.getByRole("radiogroup", { name: "Waiting room" }).getByLabel("Always").isChecked());
  await page.goto(`${lectern.url}/people`);
  const student = oakwood("student", 1);
  const row = page.getByRole("listitem").filter({ hasText: student.email });
  // It asks first, in its place.
  await row.locator("summary").filter({ hasText: "Disable" }).click();
  await row.getByText(/signed out everywhere/).waitFor();
  await row.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await row.locator("summary").filter({ hasText: "Disable" }).waitFor();
});
