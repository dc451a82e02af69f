import { expect, test } from 'vitest';
import { heightOf, place, type PathLink, type PathNode } from './layout';

const nodes: PathNode[] = [
  { step: 0, name: 'a', role: 'value', sessions: 10, drop_off: 2 },
  { step: 1, name: 'b', role: 'value', sessions: 6, drop_off: null },
  { step: 1, name: null, role: 'other', sessions: 2, drop_off: null },
];
const links: PathLink[] = [
  { step: 0, from: 'a', to: 'b', sessions: 6 },
  { step: 0, from: 'a', to: null, sessions: 2 },
];

test('steps go from left to right, and heights are as sessions', () => {
  const placed = place(nodes, links, 800, heightOf(nodes));
  const [start, next, other] = placed.nodes;
  expect(placed.nodes.map(({ x }) => x > 0)).toEqual([false, true, true]);
  expect((next?.height ?? 0) / (start?.height ?? 1)).toBeCloseTo(0.6);
  expect(other?.y).toBeGreaterThan(next?.y ?? Infinity);
  expect(placed.links).toHaveLength(2);
  expect(placed.links[0]?.width).toBeCloseTo(next?.height ?? 0);
});

test('links leave a node in the order of those they lead to', () => {
  const { links: placed } = place(nodes, links.toReversed(), 800, 320);
  const leaves = (to: string | null) => Number(placed.find((link) => link.to === to)?.line.match(/,([\d.]+)C/)?.[1]);
  expect(leaves('b')).toBeLessThan(leaves(null));
});

test('a start that leads nowhere is a node alone', () => {
  const placed = place([{ step: 0, name: 'a', role: 'value', sessions: 3, drop_off: 3 }], [], 800, 320);
  expect(placed.nodes).toHaveLength(1);
  expect(placed.nodes[0]?.height).toBeGreaterThan(0);
  expect(placed.nodes[0]?.x).toBe(0);
  expect(placed.nodes[0]?.label).toBeGreaterThan(500);
});
