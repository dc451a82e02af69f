// Tables as CSV: exactly what is shown. A cell that a spreadsheet would take for a formula has a `'` in front.

export type Cell = string | number | null;

const ARMED = /^[=+\-@\t\r]/;
/** Numbers are not disarmed, as they are or as they are printed: `-2.5`, `-1,234.50`, `-3%`. */
const NEGATIVE = /^-\d[\d.,]*(e[+-]?\d+)?%?$/i;

function cell(value: Cell): string {
  if (value === null) return '';
  const text = typeof value === 'string' && ARMED.test(value) && !NEGATIVE.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
