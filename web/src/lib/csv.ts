// Tables as CSV: exactly what is shown. A cell that a spreadsheet would take for a formula has a `'` in front.

export type Cell = string | number | null;

/** Numbers are not disarmed: `-2.5` is one, and stays one. */
function cell(value: Cell): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
