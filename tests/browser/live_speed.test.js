// How soon a page shows what happens in a class: from the moment at which somebody enters or leaves the platform's room to the moment
// at which the teacher's page has changed. Printed; that it changes by itself is what is asserted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signIn, until, useLectern } from "./lectern.js";

const ROUNDS = 10;
const NAME = "Ayesha Noor"; // the first student of the demo
const lectern = useLectern();

test("the teacher's page follows within a quarter of a second", async (t) => {
  const teacher = await lectern.visitor(t);
  await signIn(teacher, lectern, lectern.person({ organization: "oakwood", role: "instructor" }));
  await teacher.goto(lectern.url);
  await teacher.getByRole("main").getByRole("link", { name: /Open|Details/ }).first().click();
  await teacher.locator("[data-conn]").filter({ hasText: "Live" }).waitFor();

  const student = await lectern.visitor(t);
  await signIn(student, lectern, lectern.person({ organization: "oakwood", role: "student" }));
  await student.getByRole("link", { name: "Join the class" }).first().click();
  const [room] = await Promise.all([student.waitForEvent("popup"), student.getByRole("button", { name: "Join the class" }).click()]);
  await room.waitForLoadState();
  // The first arrival is not what a click in the room brought.
  await teacher.locator("#session-now li").filter({ hasText: NAME }).filter({ hasText: "Here since" }).first().waitFor();

  // What the page says of the student, each time it says something else, with the time.
  await teacher.evaluate((name) => {
    const said = () => [...document.querySelectorAll("#session-now li")].map((row) => row.textContent).filter((text) => text.includes(name)).join();
    window.said = [{ at: 0, text: said() }];
    const look = () => {
      const text = said();
      if (text !== window.said.at(-1).text) window.said.push({ at: Date.now(), text });
    };
    new MutationObserver(look).observe(document.querySelector("main"), { childList: true, subtree: true });
  }, NAME);
  const took = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = Date.now();
    const leave = room.getByRole("button", { name: /^Leave/ });
    if (await leave.count()) await Promise.all([room.waitForEvent("load"), leave.click()]);
    else await room.goBack();
    const after = await until("the page to follow", () => teacher.evaluate((since) => window.said.find(({ at }) => at >= since)?.at, before));
    took.push(after - before);
  }
  took.sort((a, b) => a - b);
  assert.equal(took.length, ROUNDS);
  t.diagnostic(`from the click in the room to the teacher's page: ${took.join(" ")} ms, the middle one ${took[ROUNDS / 2]} ms`);
});
