// Which rows of a long table are drawn. All have one height. Pure.

export interface Span {
  first: number;
  /** Behind the last one. */
  end: number;
  /** Pixels that the rows above and below would take. */
  above: number;
  below: number;
}

const AROUND = 12;

export function visible(count: number, rowHeight: number, scrolled: number, height: number): Span {
  const first = Math.min(Math.max(0, Math.floor(scrolled / rowHeight) - AROUND), Math.max(0, count - 1));
  const end = Math.min(count, Math.ceil((scrolled + height) / rowHeight) + AROUND);
  return {
    first,
    end: Math.max(first, end),
    above: first * rowHeight,
    below: Math.max(0, count - Math.max(first, end)) * rowHeight,
  };
}
