// Where the nodes and links of paths stand: the steps from left to right, heights by sessions. Pure.
import type { Schemas } from '$lib/api';
import { sankey, sankeyLinkHorizontal } from 'd3-sankey';

export type PathNode = Schemas['PathNode'];
export type PathLink = Schemas['PathLink'];

export interface PlacedNode extends PathNode {
  id: string;
  x: number;
  y: number;
  height: number;
  /** How wide the name beside it may be. */
  label: number;
}
export interface PlacedLink extends PathLink {
  id: string;
  /** The `d` of a path, and how thick its line is. */
  line: string;
  width: number;
}

export const NODE_WIDTH = 10;
const GAP = 26;
const LABEL_WIDTH = 210;
/** So that a label of a small node at the edge is whole. */
const EDGE = 10;

const idOf = (step: number, name: string | null | undefined): string => JSON.stringify([step, name ?? null]);

/** So high that the fullest step has room for all its labels. */
export function heightOf(nodes: readonly PathNode[]): number {
  const counts = new Map<number, number>();
  for (const { step } of nodes) counts.set(step, (counts.get(step) ?? 0) + 1);
  return Math.max(320, ...[...counts.values()].map((count) => count * 2 * GAP));
}

export function place(
  nodes: readonly PathNode[],
  links: readonly PathLink[],
  width: number,
  height: number,
): { nodes: PlacedNode[]; links: PlacedLink[] } {
  const steps = Math.max(0, ...nodes.map(({ step }) => step));
  // By then d3 has put the nodes in the place of their ids.
  const at = (end: string | number | { index?: number }): number => (typeof end === 'object' ? (end.index ?? 0) : 0);
  const made = sankey<PathNode & { id: string }, PathLink>()
    .nodeId(({ id }) => id)
    .nodeAlign(({ step }) => step)
    .nodeWidth(NODE_WIDTH)
    .nodePadding(GAP)
    // The API tells the largest first, and what is beyond the top last.
    .nodeSort(null)
    // Links leave and arrive in the order of the nodes at their other ends, so that none crosses another needlessly.
    .linkSort((a, b) => at(a.source) - at(b.source) || at(a.target) - at(b.target))
    .extent([
      [0, EDGE],
      [Math.max(width - LABEL_WIDTH, 100), height - EDGE],
    ])({
    // Sessions that end at a node have no link: its height is told, not added up of links.
    nodes: nodes.map((node) => ({ ...node, id: idOf(node.step, node.name), fixedValue: node.sessions })),
    links: links.map((link) => ({
      ...link,
      source: idOf(link.step, link.from),
      target: idOf(link.step + 1, link.to),
      value: link.sessions,
    })),
  });
  const line = sankeyLinkHorizontal<PathNode, PathLink>();
  // Where there is one step alone d3 divides by none behind it.
  const left = (x: number): number => (steps === 0 ? 0 : x);
  const apart = (width - LABEL_WIDTH) / steps;
  const room = (x: number): number => Math.min(apart, width - x) - NODE_WIDTH - 12;
  return {
    nodes: made.nodes.map(({ id, step, name, role, sessions, drop_off, x0 = 0, y0 = 0, y1 = 0 }) => ({
      ...{ id, step, role, sessions, name: name ?? null, drop_off: drop_off ?? null },
      ...{ x: left(x0), y: y0, height: Math.max(1, y1 - y0), label: room(left(x0)) },
    })),
    links: made.links.map((link) => ({
      ...{ step: link.step, from: link.from ?? null, to: link.to ?? null, sessions: link.sessions },
      ...{ id: idOf(link.step, link.from) + idOf(link.step + 1, link.to), line: line(link) ?? '' },
      width: Math.max(1, link.width ?? 1),
    })),
  };
}
