// A class is sold: the seller's terms, a buyer in London who books and pays, both times in mail and calendar, the reminder.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, assertFits, signIn, until, useLectern } from "./lectern.js";

const lectern = useLectern();
const LONDON = { timezoneId: "Europe/London", locale: "en-GB" };
const BUYER = "bela.sale@home.example";

test("a weekly class in Dhaka time is booked and paid from London", async (t) => {
  // The seller plans five Fridays at nine in the evening and names the price.
  const seller = await lectern.visitor(t);
  await signIn(seller, lectern, lectern.person({ email: "bruno@dreamcrowd.example" }));
  await seller.goto(`${lectern.url}/schedule`);
  const soon = new Date((await lectern.now()).getTime() + 3 * 86_400_000);
  await seller.getByLabel("Title", { exact: true }).fill("Lino printing");
  await seller.getByLabel("Day", { exact: true }).fill(soon.toISOString().slice(0, 10));
  await seller.getByLabel("Starts").fill("21:00");
  await seller.getByLabel("Length in minutes").fill("60");
  await seller.getByLabel("Time zone").selectOption("Asia/Dhaka");
  await seller.getByLabel("Repeats").selectOption("weekly");
  await seller.getByText("How often, and until when").click();
  await seller.locator('input[name="count"]').fill("5");
  // What will happen follows the form by itself; the button says how many.
  await seller.getByRole("button", { name: "Schedule 5 sessions" }).waitFor();
  await assertAccessible(seller);
  await seller.getByRole("button", { name: "Schedule 5 sessions" }).click();
  await seller.getByRole("status").filter({ hasText: "Scheduled." }).waitFor();
  const id = seller.url().match(/classes\/([0-9a-f-]{36})/)[1];
  await seller.goto(`${lectern.url}/classes/${id}/bookings`);
  await seller.getByLabel("Price").fill("1,200");
  await seller.getByLabel("Currency").fill("bdt");
  await seller.getByLabel("Seats").fill("2");
  await seller.getByRole("button", { name: "Save the terms" }).click();
  await seller.getByRole("status").filter({ hasText: "Saved." }).waitFor();
  await assertAccessible(seller);

  // The buyer, whom nobody knows yet, on a phone in London.
  const buyer = await lectern.visitor(t, { ...LONDON, viewport: { width: 360, height: 740 } });
  await buyer.goto(`${lectern.url}/book/${id}`);
  await buyer.getByText("1,200.00 BDT").waitFor();
  assert.equal(await buyer.getByLabel("Time zone").inputValue(), "Europe/London", "the browser's own zone");
  await assertAccessible(buyer);
  await assertFits(buyer);
  await buyer.getByLabel("E-mail").fill(BUYER);
  await buyer.getByLabel("First name").fill("Bela");
  await buyer.getByRole("button", { name: "Book and pay" }).click();
  await buyer.waitForURL(/\/c\/pay\//);
  await buyer.getByLabel(/card number/i).fill("4242 4242 4242 4242");
  await buyer.getByRole("button", { name: /^pay/i }).click();
  await buyer.waitForURL(/\/booking\//);
  await buyer.getByText("Booked", { exact: true }).waitFor();
  const text = await buyer.textContent("main");
  assert.match(text, /21:00 – 22:00, Dhaka time/);
  assert.match(text, /For you: .*London time/);
  await assertAccessible(buyer);
  await assertFits(buyer);

  const mails = await until("the mails", async () => {
    const all = await lectern.mailTo(BUYER);
    return all.length >= 2 && all;
  });
  const join = mails.find((mail) => mail.text.includes("/join/class/"));
  assert.match(join.text, /21:00 – 22:00, Dhaka time/);
  assert.match(join.text, /For you: .*London time/);
  assert.match(join.attachments[0].text, /DTSTART:\d{8}T150000Z/);

  // The seller's calendar has it, and the list of bookings.
  await seller.goto(`${lectern.url}/calendar?view=list&on=${soon.toISOString().slice(0, 10)}`);
  await seller.getByRole("link", { name: "Lino printing" }).first().waitFor();
  await assertAccessible(seller);
  await seller.goto(`${lectern.url}/calendar?on=${soon.toISOString().slice(0, 10)}`);
  await assertAccessible(seller);
  await seller.setViewportSize({ width: 360, height: 740 });
  await assertFits(seller);
  await seller.goto(`${lectern.url}/classes/${id}/bookings`);
  await seller.getByText(BUYER).waitFor();
});
