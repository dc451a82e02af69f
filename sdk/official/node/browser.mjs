// Opens a page of an origin of its own in Chromium, in which the client that is named makes the calls of the first
// line of standard input (JSON). The page stays open until standard input ends.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import puppeteer from "puppeteer-core";

const client = process.argv[2];
const bundled = await build({
  entryPoints: [new URL(`pages/${client}.js`, import.meta.url).pathname],
  bundle: true,
  write: false,
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "error",
});
const script = bundled.outputFiles[0].text;
const page = `<!doctype html><meta charset="utf-8"><title>Shop</title><script src="/client.js"></script>`;
const server = createServer((request, response) => {
  const isScript = request.url === "/client.js";
  response.setHeader("Content-Type", isScript ? "text/javascript; charset=utf-8" : "text/html");
  response.end(isScript ? script : page);
});
await new Promise((ready) => server.listen(0, "localhost", ready));

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const plan = JSON.parse((await lines.next()).value);
const browser = await puppeteer.launch({
  // Chromium ends when this program does, however that is.
  pipe: true,
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Chromium's sandbox is not for root, who runs the tests in a container.
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server"],
});
try {
  const tab = await browser.newPage();
  tab.on("pageerror", (error) => console.error("the page reports", error));
  tab.on("console", (message) => console.error("console:", message.text()));
  await tab.goto(`http://localhost:${server.address().port}/`);
  await tab.evaluate((plan) => globalThis.start(plan), plan);
  await lines.next();
} finally {
  await browser.close();
  server.close();
}
