import { expect, test } from 'vitest';
import { snippets, type Server } from './snippets';

const texts = (server: Partial<Server>): Record<string, string> =>
  Object.fromEntries(
    snippets({ origin: 'http://localhost:8080', key: '', tenant: 'default', ...server }).map(({ name, text }) => [name, text]),
  ); // prettier-ignore

test('lines name the host, and nothing else where nothing else is needed', () => {
  const { curl, Python, Segment, Redis } = texts({});
  expect(curl).toBe(
    `curl 'http://localhost:8080/event?wait=true' \\\n  -d '{"conversation_id":"chat-1","event_name":"event_a","input":"Hello?","output":"Hi!","latency":120.5}'`,
  );
  expect(Python).toContain('EventClient("http://localhost:8080") as');
  expect(Segment).toContain('analytics.write_key, analytics.host = "any", "http://localhost:8080"');
  expect(Redis).toContain('"tenant_id":"default"');
});

test('a tenant other than the default one is named', () => {
  const { curl, Python, Redis } = texts({ tenant: 'acme' });
  expect(curl).toContain(`-H 'X-Tenant: acme'`);
  expect(Python).toContain('tenant="acme"');
  expect(Redis).toContain('"tenant_id":"acme"');
});

test('a key names the tenant itself, and can’t end its quotation', () => {
  const { curl, Python, Segment } = texts({ key: `k'"\\`, tenant: 'acme' });
  expect(curl).toContain(`-H 'Authorization: Bearer k'\\''"\\'`);
  expect(curl).not.toContain('X-Tenant');
  expect(Python).toContain(`api_key="k'\\"\\\\"`);
  expect(Segment).toContain(`write_key, analytics.host = "k'\\"\\\\"`);
});
