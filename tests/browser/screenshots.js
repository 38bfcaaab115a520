// Makes the README's screenshots from a running demo: node tests/browser/screenshots.js (after `npm ci` in this folder and
// `cargo build`). They go to core/docs/images.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lectern, signIn } from "./lectern.js";

const OUT = fileURLToPath(new URL("../../core/docs/images", import.meta.url));
const SHOTS = [
  { name: "session-live", role: "instructor", path: "/", width: 1280, opens: "Fractions: dividing and multiplying" },
  { name: "student-home", role: "student", path: "/", width: 1280 },
  { name: "student-home-phone-bn", role: "student", path: "/?lang=bn", width: 360 },
  { name: "overview", role: "admin", path: "/", width: 1280 },
  { name: "today-dark", role: "instructor", path: "/", width: 1280, dark: true },
];

const lectern = new Lectern();
await lectern.start();
try {
  for (const { name, role, path, width, dark, opens } of SHOTS) {
    const page = await lectern.window({
      viewport: { width, height: 800 },
      colorScheme: dark ? "dark" : "light",
      timezoneId: "Asia/Dhaka",
    });
    await signIn(page, lectern, lectern.person({ organization: "oakwood", role }));
    await page.goto(lectern.url + path);
    if (opens) await page.getByRole("main").getByRole("link", { name: opens, exact: true }).first().click();
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
    await page.context().close();
    console.log(`${name}.png`);
  }
} finally {
  await lectern.stop();
}
