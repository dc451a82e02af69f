/** Those of the rows that are not among others, by their keys. */
export function notAmong<Row>(rows: readonly Row[], others: readonly Row[], key: (row: Row) => string): Row[] {
  const known = new Set(others.map(key));
  return rows.filter((row) => !known.has(key(row)));
}
