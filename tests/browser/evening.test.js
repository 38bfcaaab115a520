// A whole evening as its people see it, each at a browser of their own, on every platform: the teacher connects an account,
// plans, starts and teaches; two students and a guest come by their mailed links; a copied link is stopped; attendance is
// right.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, assertFits, signIn, until, useLectern } from "./lectern.js";

/** How the platforms differ for people. */
const PLATFORMS = {
  zoom: {
    name: "Zoom",
    simulator: "zoom",
    consent: "/oauth/authorize",
    allow: "Allow",
    // Zoom's link is the person's own.
    enters: async () => {},
    admits: "Admit all",
    teacherEnds: "End meeting for all",
    over: "This meeting has been ended by the host",
    // Told by events.
    shows: { state: /In class|Here since/, within: 5_000 },
    knowsGuests: true,
    adminSees: { who: ({ guest }) => guest, text: /As it happens/ },
  },
  teams: {
    name: "Microsoft Teams",
    simulator: "graph",
    consent: "/organizations/oauth2/v2.0/authorize",
    allow: "Accept",
    enters: async (room, { account, name }) => {
      if (account) return presses(room, room.getByRole("button", { name: `Join as ${name}`, exact: true }));
      await room.getByLabel("Your name").fill(name);
      await presses(room, room.getByRole("button", { name: "Join now" }));
    },
    // Everybody waits in the lobby.
    admits: "Admit all",
    teacherEnds: "End meeting",
    // Microsoft ends a meeting for nobody: the teacher does, as the page says.
    endedByHand: true,
    over: "The meeting has ended",
    // Known to be let through; who is there is told to a school-wide app only.
    shows: { state: /Went through the door/, within: 5_000 },
    knowsGuests: true,
    adminSees: { who: ({ guest }) => guest, text: /On the way|As it happens/ },
  },
  meet: {
    name: "Google Meet",
    simulator: "google",
    consent: "/o/oauth2/v2/auth",
    allow: "Continue",
    enters: async (room, { account, name }) => {
      await room.getByLabel(account ?? "Not signed in").check();
      if (!account) await room.getByLabel("What's your name?").fill(name);
      await presses(room, room.getByRole("button", { name: "Join now" }));
    },
    // Those on the list walk in, the others knock.
    admits: "Admit",
    walksIn: ({ account }) => account !== undefined,
    teacherEnds: "End the call for everyone",
    over: "The call has ended for everyone",
    // Looked at every 20 seconds.
    shows: { state: /In class|Here since/, within: 30_000 },
    adminSees: { who: ({ joya }) => joya, text: /As it happens/ },
  },
};

const lectern = useLectern();

for (const [platform, on] of Object.entries(PLATFORMS)) {
  test(`the evening of a class on ${on.name}`, (t) => evening(t, platform, on));
}

/** The people of one evening: `account` is theirs at the platform. */
async function cast(platform) {
  const teacher = lectern.person({ email: "imran@oakwood.example" });
  const student = (first, last) => {
    const domain = platform === "meet" ? "oakwood.example" : "pupil.example"; // Google tells of its own domain only
    const email = `${first}.${last}.${platform}@${domain}`.toLowerCase();
    return { email, first, last, name: `${first} ${last}`, account: email };
  };
  const mina = student("Mina", "Dewan");
  const joya = student("Joya", "Paul");
  // A guest of the platform too, except where the link says who they are.
  const guest = { email: `grandpa.${platform}@guest.example`, first: "Anil", last: "Paul", name: "Anil Paul" };
  const students = [mina, joya];
  if (platform === "teams") {
    const { users } = await lectern.control("graph", "users");
    const { tenant } = users.find((user) => user.email === teacher.email);
    for (const { email, name } of students) await lectern.control("graph", "users", { email, name, tenant });
  }
  if (platform === "meet") {
    for (const { email, name } of students) await lectern.control("google", "accounts", { email, name, domain: "oakwood.example" });
  }
  return { teacher, students, mina, joya, guest };
}

async function evening(t, platform, on) {
  const people = await cast(platform);
  const { mina: MINA, joya: JOYA, guest: GUEST } = people;
  const course = { on, people, title: `Chess for beginners on ${on.name}`, session: `Openings and the centre on ${on.name}` };
  const teacher = await lectern.visitor(t, { viewport: { width: 1280, height: 900 } });
  await connects(teacher, people.teacher, platform, on);
  const session = await plansTheClass(teacher, course);
  const [minasLink, joyasLink, guestsLink] = await Promise.all([MINA, JOYA, GUEST].map((who) => mailedLink(who, on)));

  // Minutes too soon there is a countdown and no button; the page is left open.
  const mina = await lectern.visitor(t);
  await mina.goto(minasLink);
  await mina.getByRole("timer").waitFor();
  assert.equal(await mina.getByRole("button", { name: "Join the class" }).count(), 0);
  await assertAccessible(mina);
  await assertFits(mina);
  await lectern.advance(20 * 60);

  const host = await startsAndLaunches(teacher, session, course);
  await assertAccessible(teacher);
  const admits = async (who) => {
    if (on.walksIn?.(who)) return;
    await until("the host sees somebody waiting", async () => {
      await host.reload();
      const admit = host.getByRole("button", { name: on.admits, exact: true });
      if (!(await admit.count())) return false;
      await presses(host, admit);
      return true;
    });
  };

  // The page that was left open has become the door.
  await mina.getByRole("button", { name: "Join the class" }).waitFor();
  await assertAccessible(mina);
  await assertFits(mina);
  const posts = postsOf(mina);
  const minasRoom = await joins(mina, MINA, on);
  assert.deepEqual(
    posts.filter(({ path }) => path.startsWith("/join/")).map(({ origin }) => origin),
    ["null"],
    "a page without a referrer posts without an origin",
  );
  await admits(MINA);
  await isIn(minasRoom, MINA);

  // Joya presses Join on one device, and goes on with a copy of the link on another: only with the code from her mail.
  const joya = await lectern.visitor(t);
  await joya.goto(joyasLink);
  const joyasRoom = await joins(joya, JOYA, on);
  await admits(JOYA);
  await isIn(joyasRoom, JOYA);
  const copied = await lectern.visitor(t);
  await copied.goto(joyasLink);
  const movedRoom = await provesItIsHer(copied, JOYA, on);
  await admits(JOYA);
  await isIn(movedRoom, JOYA);

  // The guest's browser runs no scripts.
  const guest = await lectern.visitor(t, { javaScriptEnabled: false });
  await guest.goto(guestsLink);
  const guestsRoom = await joins(guest, GUEST, on);
  await admits(GUEST);
  await until("the guest's room", async () => {
    await guestsRoom.reload();
    return (await guestsRoom.getByRole("button", { name: /^Leave/ }).count()) > 0 && guestsRoom.getByText("(you)").count();
  });
  for (const person of [MINA, JOYA]) await followed(teacher, person, on);
  await followed(teacher, GUEST, on, on.knowsGuests && "guest");
  assert.equal(await teacher.evaluate(() => window.loadedOnce), true, "the page followed without being loaded again");
  await assertAccessible(teacher);
  await assertFits(teacher);

  await adminLooks(t, platform, course);
  await endsAndCounts(teacher, session, host, course);
}

async function connects(page, person, platform, on) {
  await page.goto(lectern.url);
  await assertAccessible(page);
  await signIn(page, lectern, person);
  await page.goto(`${lectern.url}/connection`);
  await page.getByRole("button", { name: `Connect ${on.name}` }).click();
  await page.waitForURL(`${lectern.simulators[on.simulator]}${on.consent}?*`);
  await assertAccessible(page);
  await assertFits(page);
  await page.getByLabel(person.email).check();
  await page.getByRole("button", { name: on.allow, exact: true }).click();
  await page.waitForURL(`${lectern.url}/**`);
  const own = page.getByRole("region", { name: `${on.name} connection` });
  await own.getByRole("heading", { name: `Connected as ${person.email}` }).waitFor();
}

/** The class, its session twenty minutes from now, and its people. Gives the session's address. */
async function plansTheClass(page, { on, people, title, session: name }) {
  await page.goto(`${lectern.url}/classes`);
  await assertAccessible(page);
  await page.getByRole("link", { name: "Schedule a class" }).click();
  await page.getByLabel("Title", { exact: true }).fill(title);
  await page.locator(".pick label").filter({ has: page.getByRole("radio", { name: on.name }) }).click();
  await page.getByLabel("Title of the sessions").fill(name);
  const zone = await page.getByLabel("Time zone", { exact: true }).inputValue();
  const [date, time] = wallClock(new Date((await lectern.now()).getTime() + 20 * 60_000), zone);
  await page.getByLabel("Day", { exact: true }).fill(date);
  await page.getByLabel("Starts").fill(time);
  const looked = page.waitForResponse((answer) => answer.url().endsWith("/schedule/look"));
  await page.getByLabel("Length in minutes").fill("45");
  await looked;
  // The demo's day may have something at that time already.
  const schedule = page.getByRole("button", { name: "Schedule 1 session" });
  const anyway = page.getByLabel(/all the same/);
  await schedule.or(anyway).first().waitFor();
  if (await anyway.count()) await anyway.check();
  await schedule.waitFor();
  await assertAccessible(page);
  await assertFits(page);
  await schedule.click();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  const tab = async (label) => {
    await page.getByRole("navigation", { name: "Class", exact: true }).getByRole("link", { name: label }).click();
    await page.locator('nav a[aria-current="page"]').filter({ hasText: label }).waitFor();
  };
  await tab("Sessions");
  const session = new URL(await page.getByRole("link", { name }).first().getAttribute("href"), lectern.url);

  for (const [form, button, those] of [
    ["Enroll somebody", "Enroll", people.students],
    ["Invite a guest", "Invite", [people.guest]],
  ]) {
    for (const person of those) {
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
async function mailedLink(person, on) {
  const link = await until(`${person.email}'s mail`, async () => {
    const mails = await lectern.mailTo(person.email);
    return mails.at(-1)?.text.match(/http\S+\/join\/class\/\S+/)?.[0];
  });
  const texts = (await lectern.mailTo(person.email)).map((mail) => mail.text + mail.html + JSON.stringify(mail.attachments));
  assert.ok(!texts.join().includes(new URL(lectern.simulators[on.simulator]).host), "no mail holds the platform's own address");
  return link;
}

/** Starts, and enters the meeting in a new tab, which is returned. */
async function startsAndLaunches(page, session, { on, people }) {
  await page.goto(session);
  await page.getByRole("button", { name: "Start Class" }).click();
  const launch = page.getByRole("button", { name: `Launch ${on.name} Meeting` });
  await until("the meeting", () => launch.isEnabled().catch(() => false));
  await page.evaluate(() => (window.loadedOnce = true));
  const [host] = await Promise.all([page.waitForEvent("popup"), launch.click()]);
  await on.enters(host, { ...people.teacher, account: people.teacher.email, name: "Imran Not-Connected" });
  await host.getByRole("button", { name: on.teacherEnds }).waitFor();
  return host;
}

/** Presses Join: the meeting opens in a new tab, which is returned. */
async function joins(page, person, on) {
  const button = page.getByRole("button", { name: "Join the class" });
  const [room] = await Promise.all([page.waitForEvent("popup"), button.click()]);
  await arrives(room, person, on);
  return room;
}

/** Presses a button that leads on. A page that is still on its way cannot be loaded again. */
async function presses(page, button) {
  await Promise.all([page.waitForEvent("load"), button.click()]);
}

/** At the platform, which may ask who they are. */
async function arrives(room, person, on) {
  await room.waitForURL(`${lectern.simulators[on.simulator]}/**`);
  await on.enters(room, person);
}

async function isIn(room, person) {
  await until(`${person.name} in the room`, async () => {
    await room.reload();
    return room.getByText("(you)").count();
  });
}

/** The teacher's page shows who came, by itself and soon, as far as the platform tells. */
async function followed(page, person, { shows }, role) {
  const row = page.getByRole("listitem").filter({ hasText: person.name }).filter({ hasText: shows.state }).first();
  await row.waitFor({ timeout: shows.within });
  if (role) assert.match(await row.innerText(), new RegExp(role, "i"));
}

/** A second browser with the same link: no way in without the code that only the person's mailbox has. */
async function provesItIsHer(page, person, on) {
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
  await arrives(asked, person, on);
  return asked;
}

/** What an administrator sees of it meanwhile. */
async function adminLooks(t, platform, { on, people, session }) {
  const admin = await lectern.visitor(t, { viewport: { width: 1280, height: 900 } });
  await signIn(admin, lectern, lectern.person({ organization: "oakwood", role: "admin" }));
  await admin.goto(`${lectern.url}/live`);
  await admin.getByRole("row", { name: new RegExp(session) }).getByRole("link", { name: /details/i }).click();
  await admin.getByRole("row").filter({ hasText: on.adminSees.who(people).name }).filter({ hasText: on.adminSees.text }).waitFor();
  await assertAccessible(admin);
  await assertFits(admin);
  await admin.goto(`${lectern.url}/platforms/${platform}`);
  await admin.getByRole("heading", { level: 1, name: on.name }).waitFor();
  await assertAccessible(admin);
  await assertFits(admin);
}

async function endsAndCounts(page, session, host, { on, people }) {
  await page.getByRole("link", { name: "End class" }).click();
  await page.getByRole("button", { name: "End class" }).click();
  await page.getByText(/The class ended at/).waitFor();
  if (on.endedByHand) await presses(host, host.getByRole("button", { name: on.teacherEnds }));
  await until("the end of the meeting", async () => {
    await host.reload();
    return host.getByText(on.over).count();
  });
  // The platform's report is asked for some minutes later.
  await lectern.advance(5 * 60);
  const { mina, joya, guest } = people;
  const expected = [mina, joya, guest];
  const strangers = page.getByRole("combobox", { name: new RegExp(`Who was it\\?\\s*: ${guest.name}`) });
  await until("everybody present", async () => {
    await page.goto(`${session}/attendance`);
    if (await strangers.count()) {
      // Whom the platform knows by a name alone, the teacher recognizes.
      await strangers.first().selectOption({ label: guest.name });
      await page.getByRole("button", { name: new RegExp(`Assign\\s*: ${guest.name}`) }).first().click();
      await page.waitForURL(/attendance/);
      return false;
    }
    const states = expected.map((person) =>
      page.getByRole("row").filter({ hasText: person.name }).locator(".st").innerText(),
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
