// Lines to copy that send a first event to this server. Pure.
import { DEFAULT_TENANT } from '$lib/url';

export interface Server {
  /** Such as `http://localhost:8080`. */
  origin: string;
  /** A key of scope `ingest`; empty where none is needed. */
  key: string;
  tenant: string;
}
export interface Snippet {
  name: string;
  /** What has to be there. */
  needs: string;
  text: string;
  /** The place in the repository that says more. */
  more: string;
}

const shell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const quoted = (text: string): string => JSON.stringify(text);

function curl({ origin, key, tenant }: Server): string {
  const header = key
    ? ` \\\n  -H ${shell(`Authorization: Bearer ${key}`)}`
    : tenant === DEFAULT_TENANT
      ? ''
      : ` \\\n  -H ${shell(`X-Tenant: ${tenant}`)}`;
  const event = { conversation_id: 'chat-1', event_name: 'event_a', input: 'Hello?', output: 'Hi!', latency: 120.5 };
  return `curl ${shell(`${origin}/event?wait=true`)}${header} \\\n  -d ${shell(JSON.stringify(event))}`;
}

function python({ origin, key, tenant }: Server): string {
  const options = [
    quoted(origin),
    ...(key ? [`api_key=${quoted(key)}`] : tenant === DEFAULT_TENANT ? [] : [`tenant=${quoted(tenant)}`]),
  ];
  return `from event_client import EventClient

with EventClient(${options.join(', ')}) as client:
    client.track_event(
        "chat-1", "event_a", input="Hello?", output="Hi!", latency=120.5, wait=True
    )`;
}

const segment = ({ origin, key }: Server): string => `import segment.analytics as analytics

analytics.write_key, analytics.host = ${quoted(key || 'any')}, ${quoted(origin)}
analytics.track("ada", "Song Played", {"name": "Hello"})
analytics.flush()`;

function redis({ tenant }: Server): string {
  const event = { event_type: 'order.created', tenant_id: tenant, user_id: 'ada', data: { total: '64.32' } };
  return `redis-cli publish events:orders \\\n  ${shell(JSON.stringify(event))}`;
}

export const snippets = (server: Server): Snippet[] => [
  { name: 'curl', needs: 'Any shell.', text: curl(server), more: 'README.md' },
  { name: 'Python', needs: 'The client of the repository: pip install -e sdk/python', text: python(server), more: 'sdk/python/README.md' },
  {
    name: 'Segment',
    needs: server.tenant !== DEFAULT_TENANT && !server.key
      ? 'Any client of Segment, RudderStack or Jitsu, with this host. They name their tenant by a key alone: without one these events go to the tenant default.'
      : 'Any client of Segment, RudderStack or Jitsu, with this host: pip install segment-analytics-python',
    text: segment(server),
    more: 'docs/segment.md',
  },
  { name: 'Redis', needs: 'Millrace started with REDIS_URL, or millrace-redis beside it.', text: redis(server), more: 'docs/redis.md' },
]; // prettier-ignore
