import { AnalyticsBrowser } from "@segment/analytics-next";
import { positional } from "./positional.js";

globalThis.start = ({ host, key, batch, calls }) => {
  const options = batch
    ? { integrations: { "Segment.io": { deliveryStrategy: { strategy: "batching", config: { size: batch, timeout: 500 } } } } }
    : {};
  const client = AnalyticsBrowser.load({ writeKey: key, cdnURL: host }, options);
  for (const call of calls) client[call.type](...positional(call));
};
