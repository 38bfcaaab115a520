// The main journeys in a browser that runs no scripts: everything is links and forms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signIn, until, useLectern } from "./lectern.js";

const lectern = useLectern();
const oakwood = (role, nth) => lectern.person({ organization: "oakwood", role }, nth);

async function enters(t, person) {
  const page = await lectern.visitor(t, { javaScriptEnabled: false });
  await signIn(page, lectern, person);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

test("a student comes from the first page into the class, and chooses what they are told", async (t) => {
  const page = await enters(t, oakwood("student"));
  await page.getByRole("link", { name: "Join the class" }).first().click();
  const [room] = await Promise.all([page.waitForEvent("popup"), page.getByRole("button", { name: "Join the class" }).click()]);
  await room.waitForURL((url) => Object.values(lectern.simulators).some((base) => url.href.startsWith(base)));
  await page.reload();
  await page.getByText(/You joined at/).waitFor();
  for (const name of ["Timetable", "Classes"]) {
    await page.goto(lectern.url);
    await page.getByRole("link", { name, exact: true }).first().click();
    await page.getByRole("heading", { level: 1 }).waitFor();
  }
  await page.goto(`${lectern.url}/me`);
  await page.getByLabel("Language").selectOption("bn");
  await page.getByRole("button", { name: "Save" }).click();
  await until("the page in Bengali", async () => (await page.getAttribute("html", "lang")) === "bn");
});

test("a teacher verifies attendance, and ends the class after a question", async (t) => {
  const page = await enters(t, oakwood("instructor"));
  await page.goto(`${lectern.url}/classes`);
  await page.getByRole("main").getByRole("link").filter({ hasNotText: /class|Previous|Upcoming/i }).first().waitFor();
  await page.goto(lectern.url);
  await page.getByRole("main").getByRole("link", { name: /Open|Details/ }).first().click();
  await page.getByRole("link", { name: "End class" }).click();
  await page.getByRole("button", { name: "End class" }).click();
  await page.getByText(/The class ended at/).waitFor();
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
  const row = page.getByRole("row").filter({ hasText: student.email });
  await row.getByRole("button", { name: /Disable/ }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await row.getByRole("button", { name: /Disable/ }).waitFor();
});
