// A whole evening as its people see it, each at a browser of their own: the teacher connects an account, plans, starts
// and teaches; two students and a guest come by their mailed links; a copied link is stopped; attendance is right.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, assertFits, signIn, until, useLectern } from "./lectern.js";

const CLASS = "Chess for beginners";
const SESSION = "Openings and the centre";
const MINA = { email: "mina.dewan@pupil.example", first: "Mina", last: "Dewan" };
const JOYA = { email: "joya.paul@pupil.example", first: "Joya", last: "Paul" };
const GUEST = { email: "grandpa@guest.example", first: "Anil", last: "Paul" };
const nameOf = (person) => `${person.first} ${person.last}`;

const lectern = useLectern();

test("the evening of a class", async (t) => {
  const teacher = await lectern.visitor(t, { viewport: { width: 1280, height: 900 } });
  await connectsZoom(teacher);
  const session = await plansTheClass(teacher);
  const [minasLink, joyasLink, guestsLink] = await Promise.all([MINA, JOYA, GUEST].map(mailedLink));

  // Minutes too soon there is a countdown and no button; the page is left open.
  const mina = await lectern.visitor(t);
  await mina.goto(minasLink);
  await mina.getByRole("timer").waitFor();
  assert.equal(await mina.getByRole("button", { name: "Join the class" }).count(), 0);
  await assertAccessible(mina);
  await assertFits(mina);
  await lectern.advance(20 * 60);

  const host = await startsAndLaunches(teacher, session);
  await assertAccessible(teacher);
  const admits = () =>
    until("the host sees somebody waiting", async () => {
      await host.reload();
      const admit = host.getByRole("button", { name: "Admit all" });
      if (!(await admit.count())) return false;
      await admit.click();
      return true;
    });

  // The page that was left open has become the door.
  await mina.getByRole("button", { name: "Join the class" }).waitFor();
  await assertAccessible(mina);
  await assertFits(mina);
  const posts = postsOf(mina);
  const minasRoom = await joins(mina);
  assert.deepEqual(
    posts.filter(({ path }) => path.startsWith("/join/")).map(({ origin }) => origin),
    ["null"],
    "a page without a referrer posts without an origin",
  );
  await admits();
  await isIn(minasRoom);
  await followed(teacher, MINA);

  // Joya presses Join on one device, and goes on with a copy of the link on another: only with the code from her mail.
  const joya = await lectern.visitor(t);
  await joya.goto(joyasLink);
  const joyasRoom = await joins(joya);
  await admits();
  await isIn(joyasRoom);
  await followed(teacher, JOYA);
  const copied = await lectern.visitor(t);
  await copied.goto(joyasLink);
  const movedRoom = await provesItIsHer(copied, JOYA);
  await admits();
  await isIn(movedRoom);

  // The guest's browser runs no scripts.
  const guest = await lectern.visitor(t, { javaScriptEnabled: false });
  await guest.goto(guestsLink);
  const guestsRoom = await joins(guest);
  await admits();
  await until("the guest's room", async () => {
    await guestsRoom.reload();
    return (await guestsRoom.getByRole("button", { name: "Leave meeting" }).count()) > 0 && guestsRoom.getByText("(you)").count();
  });
  await followed(teacher, GUEST, "guest");
  assert.equal(await teacher.evaluate(() => window.loadedOnce), true, "the page followed without being loaded again");
  await assertAccessible(teacher);
  await assertFits(teacher);

  await adminLooks(t);
  await endsAndCounts(teacher, session, host);
});

async function enters(page, person) {
  await signIn(page, lectern, person);
  await page.getByLabel(/password/i).waitFor({ state: "detached" });
}

async function connectsZoom(page) {
  const person = lectern.person({ email: "imran@oakwood.example" });
  await page.goto(lectern.url);
  await assertAccessible(page);
  await enters(page, person);
  await page.goto(`${lectern.url}/connection`);
  await page.getByRole("button", { name: "Connect Zoom" }).click();
  await page.waitForURL(`${lectern.simulators.zoom}/oauth/authorize?*`);
  await page.getByLabel(person.email).check();
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.waitForURL(`${lectern.url}/**`);
  await page.getByRole("heading", { name: `Connected as ${person.email}` }).waitFor();
}

/** The class, its session twenty minutes from now, and its people. Gives the session's address. */
async function plansTheClass(page) {
  await page.goto(`${lectern.url}/classes`);
  await assertAccessible(page);
  await page.getByRole("link", { name: "New class" }).click();
  await page.getByLabel("Title").fill(CLASS);
  await page.getByRole("button", { name: "Create the class" }).click();
  await page.getByRole("heading", { level: 1, name: CLASS }).waitFor();
  const tab = async (name) => {
    await page.getByRole("navigation", { name: "Class", exact: true }).getByRole("link", { name }).click();
    await page.locator('nav a[aria-current="page"]').filter({ hasText: name }).waitFor();
  };

  await tab("Sessions");
  await page.getByLabel("Title").fill(SESSION);
  const zone = await page.getByLabel("Time zone").inputValue();
  const [date, time] = wallClock(new Date((await lectern.now()).getTime() + 20 * 60_000), zone);
  await page.getByLabel("Day").fill(date);
  await page.getByLabel("Starts").fill(time);
  await page.getByLabel("Length in minutes").fill("45");
  await page.getByRole("button", { name: "Schedule the session" }).click();
  await page.getByRole("link", { name: SESSION }).first().waitFor();
  const session = new URL(await page.getByRole("link", { name: SESSION }).first().getAttribute("href"), lectern.url);

  for (const [form, button, people] of [
    ["Enroll somebody", "Enroll", [MINA, JOYA]],
    ["Invite a guest", "Invite", [GUEST]],
  ]) {
    for (const person of people) {
      await tab("Roster");
      const section = page.getByRole("region", { name: form });
      await section.getByLabel("E-mail").fill(person.email);
      await section.getByLabel("First name").fill(person.first);
      await section.getByLabel("Last name").fill(person.last);
      await section.getByRole("button", { name: button }).click();
      await page.getByRole("listitem").filter({ hasText: person.email }).waitFor();
    }
  }
  await tab("Overview");
  await assertAccessible(page);
  await assertFits(page);
  return session.href;
}

/** Where the newest mail with such a link leads. It leads to Lectern, never to the platform. */
async function mailedLink(person) {
  const link = await until(`${person.email}'s mail`, async () => {
    const mails = await lectern.mailTo(person.email);
    return mails.at(-1)?.text.match(/http\S+\/join\/class\/\S+/)?.[0];
  });
  const texts = (await lectern.mailTo(person.email)).map((mail) => mail.text + mail.html + JSON.stringify(mail.attachments));
  assert.ok(!texts.join().includes(new URL(lectern.simulators.zoom).host), "no mail holds the platform's own address");
  return link;
}

/** Starts, and enters the meeting in a new tab, which is returned. */
async function startsAndLaunches(page, session) {
  await page.goto(session);
  await page.getByRole("button", { name: "Start Class" }).click();
  const launch = page.getByRole("button", { name: "Launch Zoom Meeting" });
  await until("the meeting", () => launch.isEnabled().catch(() => false));
  await page.evaluate(() => (window.loadedOnce = true));
  const [host] = await Promise.all([page.waitForEvent("popup"), launch.click()]);
  await host.getByRole("heading", { name: SESSION }).waitFor();
  await host.getByRole("button", { name: "End meeting for all" }).waitFor();
  return host;
}

/** Presses Join: the meeting opens in a new tab, which is returned. */
async function joins(page) {
  const button = page.getByRole("button", { name: "Join the class" });
  const [room] = await Promise.all([page.waitForEvent("popup"), button.click()]);
  await room.waitForURL(`${lectern.simulators.zoom}/**`);
  return room;
}

async function isIn(room) {
  await until("the room", async () => {
    await room.reload();
    return room.getByText("(you)").count();
  });
}

/** The teacher's page shows who came, by itself and soon. */
async function followed(page, person, role) {
  const row = page.getByRole("region", { name: /^Here/ }).getByRole("listitem").filter({ hasText: nameOf(person) });
  await row.waitFor({ timeout: 5_000 });
  if (role) assert.match(await row.innerText(), new RegExp(role, "i"));
}

/** A second browser with the same link: no way in without the code that only the person's mailbox has. */
async function provesItIsHer(page, person) {
  const [asked] = await Promise.all([
    page.waitForEvent("popup"),
    page.getByRole("button", { name: "Join the class" }).click(),
  ]);
  const code = asked.getByLabel("Code from the e-mail");
  await code.waitFor();
  assert.ok(asked.url().startsWith(lectern.url), "a copied link does not lead to the platform");
  await assertAccessible(asked);
  await assertFits(asked);
  const right = await until(`${person.email}'s code`, async () => {
    const mails = await lectern.mailTo(person.email);
    return mails.at(-1).text.match(/\b\d{6}\b/)?.[0];
  });
  await code.fill(right === "123456" ? "654321" : "123456");
  await asked.getByRole("button", { name: "Continue to the class" }).click();
  await asked.getByText(/not right/).waitFor();
  await code.fill(right);
  await asked.getByRole("button", { name: "Continue to the class" }).click();
  await asked.waitForURL(`${lectern.simulators.zoom}/**`);
  return asked;
}

/** What an administrator sees of it meanwhile. */
async function adminLooks(t) {
  const admin = await lectern.visitor(t, { viewport: { width: 1280, height: 900 } });
  await enters(admin, lectern.person({ organization: "oakwood", role: "admin" }));
  await admin.goto(`${lectern.url}/live`);
  await admin.getByRole("row", { name: new RegExp(SESSION) }).getByRole("link", { name: /details/i }).click();
  await admin.getByRole("row").filter({ hasText: nameOf(GUEST) }).filter({ hasText: "As it happens" }).waitFor();
  await assertAccessible(admin);
  await assertFits(admin);
  await admin.goto(`${lectern.url}/platforms/zoom`);
  await admin.getByRole("heading", { level: 1, name: "Zoom" }).waitFor();
  await assertAccessible(admin);
  await assertFits(admin);
}

async function endsAndCounts(page, session, host) {
  await page.getByRole("link", { name: "End class" }).click();
  await page.getByRole("button", { name: "End class" }).click();
  await page.getByText(/The class ended at/).waitFor();
  await until("the end of the meeting", async () => {
    await host.reload();
    return host.getByText("This meeting has been ended by the host").count();
  });
  await until("everybody present", async () => {
    await page.goto(`${session}/attendance`);
    const states = [MINA, JOYA, GUEST].map((person) =>
      page.getByRole("row").filter({ hasText: nameOf(person) }).locator(".st").innerText(),
    );
    return (await Promise.all(states)).every((state) => state.trim() === "Present");
  });
  assert.equal(await page.getByText(/does not belong|nobody we know/i).count(), 0);
  await assertAccessible(page);
  await assertFits(page);
}

function postsOf(page) {
  const posts = [];
  page.context().on("request", async (request) => {
    if (request.method() !== "POST") return;
    const entry = { path: new URL(request.url()).pathname };
    posts.push(entry);
    entry.origin = (await request.allHeaders()).origin;
  });
  return posts;
}

function wallClock(instant, timeZone) {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  return parts.format(instant).split(" ");
}
