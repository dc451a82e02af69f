import { RudderAnalytics } from "@rudderstack/analytics-js/bundled";
import { positional } from "./positional.js";

globalThis.start = async ({ host, key, batch, beacon, calls }) => {
  const client = new RudderAnalytics();
  await new Promise((ready) => {
    client.load(key, host, {
      configUrl: host,
      onLoaded: ready,
      useBeacon: Boolean(beacon),
      ...(beacon && { beaconQueueOptions: { maxItems: beacon, flushQueueInterval: 1000 } }),
      ...(batch && { queueOptions: { batch: { enabled: true, maxItems: batch, flushInterval: 1000 } } }),
    });
  });
  for (const call of calls) client[call.type](...positional(call));
};
