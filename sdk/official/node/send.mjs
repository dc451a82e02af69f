// Makes the calls of standard input (JSON) with the client that is named, and ends when it has sent them.
// The status is 1 if the client reports an error that the plan doesn't expect.
import { text } from "node:stream/consumers";
import { Analytics } from "@segment/analytics-node";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { jitsuAnalytics } from "@jitsu/js";

const { host, key, calls, batch, gzip, errorsExpected } = JSON.parse(await text(process.stdin));
const errors = [];
const failed = (error) => error && errors.push(error);

async function segment() {
  const client = new Analytics({ writeKey: key, host, flushAt: batch ?? 15 });
  client.on("error", failed);
  for (const { type, ...call } of calls) client[type](call);
  // Waits for all its tries; the time that it is given is above its budget.
  await client.closeAndFlush({ timeout: 120_000 });
}

async function rudder() {
  const client = new RudderAnalytics(key, { dataPlaneUrl: host, flushAt: batch ?? 20, flushInterval: 1_000, gzip });
  await Promise.all(
    calls.map(
      ({ type, ...call }) =>
        new Promise((done) => {
          client[type](call, (error) => {
            failed(error);
            done();
          });
        }),
    ),
  );
}

async function jitsu() {
  const client = jitsuAnalytics({ writeKey: key, host, s2s: true });
  const arguments_ = {
    identify: ({ userId, traits }) => [userId, traits],
    track: ({ event, properties }) => [event, properties],
    page: ({ name, properties }) => [{ name, ...properties }],
    group: ({ groupId, traits }) => [groupId, traits],
  };
  // One after the other: who the user is holds for the calls that follow.
  for (const { type, ...call } of calls) {
    await Promise.resolve(client[type](...arguments_[type](call))).catch(failed);
  }
}

await { segment, rudder, jitsu }[process.argv[2]]();
if (errors.length > 0 && !errorsExpected) {
  console.error("the client reports", errors);
  process.exitCode = 1;
}
