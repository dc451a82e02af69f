import { jitsuAnalytics } from "@jitsu/js";

globalThis.start = async ({ host, key, calls }) => {
  const client = jitsuAnalytics({ writeKey: key, host });
  const make = {
    identify: ({ userId, traits }) => client.identify(userId, traits),
    track: ({ event, properties }) => client.track(event, properties),
    page: ({ name, properties }) => client.page({ name, ...properties }),
    group: ({ groupId, traits }) => client.group(groupId, traits),
  };
  for (const call of calls) await make[call.type](call);
};
