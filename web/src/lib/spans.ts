// Lengths of time as the API takes them, such as `24h`, to choose from. Pure.
const UNITS = {
  ms: [1, 'millisecond'],
  s: [1_000, 'second'],
  m: [60_000, 'minute'],
  h: [3_600_000, 'hour'],
  d: [86_400_000, 'day'],
  w: [604_800_000, 'week'],
} as const;

export type SpanOption = readonly [span: string, name: string];

function read(span: string): { count: number; ms: number; unit: string } | null {
  const [, digits, letters] = /^(\d+)(ms|[smhdw])$/.exec(span) ?? [];
  if (!digits || !letters) return null;
  const [ms, unit] = UNITS[letters as keyof typeof UNITS];
  return { count: Number(digits), ms: Number(digits) * ms, unit };
}

/** `24 hours`, `1 day` */
export function spanName(span: string): string {
  const known = read(span);
  return known ? `${known.count} ${known.unit}${known.count === 1 ? '' : 's'}` : span;
}

/** To choose from, the usual one first. */
export function spans(usual: string, ...others: string[]): [SpanOption, ...SpanOption[]] {
  const option = (span: string): SpanOption => [span, spanName(span)];
  return [option(usual), ...others.map(option)];
}

/** The same with the one of the address: in the place of one that is as long, else at the end. */
export function withSpan(options: readonly SpanOption[], chosen: string | undefined): readonly SpanOption[] {
  if (chosen === undefined) return options;
  const length = read(chosen)?.ms;
  const at = options.findIndex(([span]) => read(span)?.ms === length);
  return at < 0 ? [...options, [chosen, spanName(chosen)]] : options.with(at, [chosen, options[at]?.[1] ?? chosen]);
}
