import { describe, expect, test } from 'vitest';
import { format, formatShared, parse, type PageUrl } from './url';

const PAGES: PageUrl[] = [
  { name: 'overview' },
  { name: 'explorer', params: { order: ['newest', 'slowest'], event: /[0-9a-f-]{36}/ } },
  { name: 'user', takesId: true },
];
const ZONE = 'Europe/Berlin';
const at = (path: string) => parse(new URL(path, 'http://here'), PAGES, ZONE);

test('nothing said is the first page, seven days, the browser’s zone', () => {
  for (const path of ['/', '/ui/', '/ui/overview']) {
    const { view, notices } = at(path);
    expect(notices).toEqual([]);
    expect(view).toMatchObject({
      page: 'overview',
      range: { preset: '7d' },
      zone: ZONE,
      interval: 'auto',
      compare: null,
      filters: [],
    });
  }
});

describe('an address says the same again once it is read', () => {
  test.each([
    '/ui/',
    '/ui/?range=30d&tz=UTC&interval=week&compare=same_weekday',
    '/ui/explorer?tenant=shop&from=2026-10-25&to=2026-10-26&f=event_name:is:a,b&f=error:set&order=slowest',
    '/ui/explorer?from=2026-10-25T01:00:00.000Z&to=2026-10-25T02:00:00.000Z',
    '/ui/?table=Error+rate&table=Sum+of+properties.price',
    '/ui/user/anon:a%2Fb%3F',
    '/ui/explorer?f=properties.a\\:b:contains:x\\,y\\\\,z',
  ])('%s', (path) => {
    const { view, notices } = at(path);
    expect(notices).toEqual([]);
    const again = at(format(view, PAGES, ZONE));
    expect(again).toEqual({ view, notices: [] });
    expect(format(again.view, PAGES, ZONE)).toBe(format(view, PAGES, ZONE));
  });
});

test('the id of a path is one text, whatever is in it', () => {
  const { view } = at('/ui/user/anon:a%2Fb%3F');
  expect(view.id).toBe('anon:a/b?');
});

describe('what is not known is dropped, with a notice', () => {
  test.each([
    ['/ui/nowhere', { page: 'overview' }],
    ['/ui/overview/id', { page: 'overview', id: '' }],
    ['/ui/?range=8d', { range: { preset: '7d' } }],
    ['/ui/?tz=Mars/Olympus', { zone: ZONE }],
    ['/ui/?from=2026-10-26&to=2026-10-25', { range: { preset: '7d' } }],
    ['/ui/?from=2026-10-26', { range: { preset: '7d' } }],
    ['/ui/?from=2026-10-26&to=2026-10-27T00:00:00Z', { range: { preset: '7d' } }],
    ['/ui/?f=unknown:is:a', { filters: [] }],
    ['/ui/?f=error:is', { filters: [] }],
    ['/ui/?tenant=a%20b', { tenant: 'default' }],
    ['/ui/?table=', { tables: [] }],
    ['/ui/explorer?order=fastest', { params: {} }],
    ['/ui/explorer?event=x%0A00000000-0000-0000-0000-000000000000', { params: {} }],
    ['/ui/?order=newest', { params: {} }],
  ])('%s', (path, left) => {
    const { view, notices } = at(path);
    expect(view).toMatchObject(left);
    expect(notices).toHaveLength(1);
  });
});

test('what is shared has absolute times and the zone', () => {
  const { view } = at('/ui/explorer?order=slowest');
  const now = Date.parse('2026-11-27T23:30:00Z');
  expect(formatShared(view, PAGES, now)).toBe(
    '/ui/explorer?from=2026-11-22&to=2026-11-29&tz=Europe/Berlin&order=slowest',
  );
});
