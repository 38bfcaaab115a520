// Walks every page of a role that links lead to: nothing breaks WCAG 2.2 A and AA in light and dark, and everything fits a phone. In
// English and in Bengali.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, assertFits, signIn } from "./lectern.js";

/** The kind of a page: its address with ids and figures taken out. */
const kindOf = (url) =>
  url.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27,}/g, "*").replace(/AX[\w-]{20,}/g, "*") +
  (url.searchParams.get("view") ?? url.searchParams.get("tab") ?? "");

/** Walks what can be walked by links from the first page on, one page of each kind; gives the kinds. */
async function walk(page, lectern, start, look) {
  const queue = [new URL(start, lectern.url)];
  const known = new Set([kindOf(queue[0])]);
  const seen = [];
  while (queue.length) {
    const url = queue.shift();
    const answer = await page.goto(url.href);
    if (!/text\/html/.test(answer?.headers()["content-type"] ?? "")) continue;
    assert.ok(answer.status() < 400, `${url.pathname} answers ${answer.status()}`);
    seen.push(kindOf(url));
    await look(kindOf(url));
    const links = await page.$$eval("a[href]:not([download])", (all) => all.map((a) => a.href));
    for (const link of links.map((href) => new URL(href))) {
      const elsewhere = link.origin !== originOf(lectern) || link.searchParams.has("lang") || /^\/api\/|\.(csv|ics)$/.test(link.pathname);
      if (elsewhere || known.has(kindOf(link))) continue;
      known.add(kindOf(link));
      queue.push(link);
    }
  }
  return seen.sort();
}

const originOf = (lectern) => new URL(lectern.url).origin;

/** The two tests of one role's portal; `least` kinds of pages are to be found, from `start` on. */
export function portal(lectern, { role, organization, least, start = "/" }) {
  test(`every page of the ${role} can be read by everybody, on a phone too`, async (t) => {
    const page = await lectern.visitor(t);
    await signIn(page, lectern, lectern.person({ organization, role }));
    const kinds = await walk(page, lectern, start, async () => {
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await assertAccessible(page);
      }
      await assertFits(page);
    });
    assert.ok(kinds.length >= least, `${kinds.length} kinds of pages: ${kinds.join(" ")}`);
  });

  test(`every page of the ${role} in Bengali fits a phone and speaks Bengali`, async (t) => {
    const page = await lectern.visitor(t, { viewport: { width: 360, height: 740 } });
    await signIn(page, lectern, lectern.person({ organization, role }));
    await page.goto(`${lectern.url}${start}?lang=bn`);
    await walk(page, lectern, start, async (kind) => {
      assert.equal(await page.getAttribute("html", "lang"), "bn", kind);
      await assertAccessible(page);
      await assertFits(page);
    });
  });
}
