// Parts of Lectern inside the pages of another site: the shop runs on http://localhost, Lectern on http://127.0.0.1, which are two
// sites for a browser.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { signIn, until, useLectern } from "./lectern.js";

const lectern = useLectern();
const CLASS = "Watercolour for beginners";

/** The shop's pages by path: what stands in their body. */
const shelves = new Map();
const shop = createServer((asked, answer) => {
  answer.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  answer.end(`<!doctype html><html lang="en"><title>DreamCrowd</title><h1>DreamCrowd</h1>${shelves.get(asked.url) ?? ""}</html>`);
});
let origin;

before(() => new Promise((listening) => shop.listen(0, "127.0.0.1", listening)));
after(() => shop.close());
// Lectern is there once the first test begins.
beforeEach(async () => {
  origin = `http://localhost:${shop.address().port}`;
  const owner = await token(lectern.person({ organization: "dreamcrowd", role: "owner" }));
  await call("PUT", "/api/v1/organization/embedding", owner, { origins: [origin] });
});

async function call(method, path, bearer, body) {
  const headers = { "content-type": "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) };
  const answer = await fetch(`${lectern.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`);
  return text && JSON.parse(text);
}

const token = async ({ organization, email, password }) =>
  (await call("POST", "/api/v1/auth/login", null, { organization, email, password })).token;

/** Opens the shop's page with this person's view in a frame, as the shop's server would have written it. */
async function framed(t, person, body, options) {
  const { url } = await call("POST", "/api/v1/embeds", await token(person), body);
  shelves.set(`/${body.view}`, `<iframe src="${url}" title="Lectern" width="1000" height="700"></iframe>`);
  const page = await lectern.visitor(t, options);
  await page.goto(`${origin}/${body.view}`);
  return { page, frame: page.frameLocator("iframe") };
}

async function accessible(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  const ours = violations.filter(({ nodes }) => nodes.some(({ target }) => target.length > 1));
  assert.deepEqual(ours.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target)}`), []);
}

test("a seller's panel works inside the shop's page, and the consent opens beside it", async (t) => {
  const bruno = lectern.person({ email: "bruno@dreamcrowd.example" });
  const { page, frame } = await framed(t, bruno, { view: "connection", theme: { accent: "#ffe600", scheme: "dark" } });
  await frame.getByRole("heading", { name: "You have not connected Zoom yet." }).waitFor();
  await accessible(page);
  const cookies = await page.context().cookies(lectern.url);
  assert.deepEqual(cookies.map(({ name }) => name), ["lectern-embed-connection"]);
  const [beside] = await Promise.all([page.waitForEvent("popup"), frame.getByRole("button", { name: "Connect Zoom" }).click()]);
  await beside.getByRole("button", { name: "Go on to Zoom" }).click();
  await beside.getByLabel(bruno.email).check();
  await beside.getByRole("button", { name: "Allow", exact: true }).click();
  await beside.getByText("Zoom is connected.").waitFor();
  await beside.close();
  await frame.getByRole("heading", { name: `Connected as ${bruno.email}` }).waitFor();
  await frame.getByRole("button", { name: "Refresh now" }).click();
  await frame.getByText(/renewed|refreshed/i).first().waitFor();
  await frame.getByRole("button", { name: "Disconnect" }).click();
  await frame.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
  await frame.getByRole("heading", { name: "You have not connected Zoom yet." }).waitFor();
});

test("a buyer joins at top level, and the admin's board in the shop shows it by itself", async (t) => {
  const admin = lectern.person({ organization: "dreamcrowd", role: "admin" });
  const { page, frame } = await framed(t, admin, { view: "live" });
  await frame.getByRole("row", { name: new RegExp(CLASS) }).waitFor();
  await frame.getByText("Live: this page updates by itself").waitFor();
  await accessible(page);
  const bela = lectern.person({ email: "bela@dreamcrowd.example" });
  const { items } = await call("GET", "/api/v1/classes", await token(bela));
  const shown = await framed(t, bela, { view: "join", class_id: items.find(({ title }) => title === CLASS).id });
  await accessible(shown.page);
  const [door] = await Promise.all([
    shown.page.waitForEvent("popup"),
    shown.frame.getByRole("link", { name: "Join the class" }).click(),
  ]);
  await door.waitForURL(`${lectern.url}/join/class/**`);
  assert.equal(await door.evaluate(() => window.opener), null);
  const [room] = await Promise.all([door.waitForEvent("popup"), door.getByRole("button", { name: "Join the class" }).click()]);
  await room.waitForURL(`${lectern.simulators.zoom}/**`);
  await frame.getByRole("link", { name: /View details/ }).click();
  await frame.getByText("Bela Buyer").first().waitFor();
  // The question before the end is a page that nobody frames; nothing has ended yet.
  const [question] = await Promise.all([page.waitForEvent("popup"), frame.getByRole("button", { name: /End class/ }).click()]);
  await question.getByRole("button", { name: "End class" }).waitFor();
  await question.close();
});

test("a view that may not be looked at any more says so in its place", async (t) => {
  const tom = lectern.person({ email: "tom@dreamcrowd.example" });
  const bearer = await token(tom);
  const { items } = await call("GET", "/api/v1/classes", bearer);
  const { frame } = await framed(t, tom, { view: "join", class_id: items.find(({ title }) => title === CLASS).id });
  await frame.getByRole("link", { name: "Join the class" }).waitFor();
  await call("POST", "/api/v1/auth/logout", bearer);
  await frame.getByText("This view has ended.").waitFor();
  assert.equal(await frame.getByRole("link", { name: "Join the class" }).count(), 0);
});

test("no browser shows any other page in a frame, and an embed in no other site's", async (t) => {
  const admin = lectern.person({ organization: "dreamcrowd", role: "admin" });
  const page = await lectern.window();
  t.after(() => page.context().close());
  await signIn(page, lectern, admin);
  const { url } = await call("POST", "/api/v1/embeds", await token(admin), { view: "live" });
  const frames = (...addresses) => addresses.map((address) => `<iframe src="${address}"></iframe>`).join("");
  shelves.set("/others", frames(`${lectern.url}/live`, `${lectern.url}/sign-in`, `${lectern.url}/embed/live`));
  shelves.set("/theirs", frames(url));
  // The same page under another name is another origin, which the organization did not name.
  for (const address of [`${origin}/others`, `http://127.0.0.1:${shop.address().port}/theirs`]) {
    await page.goto(address);
    const shown = page.frames().slice(1);
    assert.ok(shown.length > 0);
    for (const frame of shown) {
      await until("the browser's refusal", () => frame.url().startsWith("chrome-error://"));
    }
  }
});
