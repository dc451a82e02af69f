// Arithmetic of calendar dates such as `2026-11-27`. They have no zone: which instants they are says the API.

const DAY_MS = 86_400_000;
const at = (date: string): number => Date.parse(`${date}T00:00:00Z`);
const dateOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

export const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !isNaN(at(text)) && dateOf(at(text)) === text;
export const addDays = (date: string, days: number): string => dateOf(at(date) + days * DAY_MS);
export const daysBetween = (from: string, to: string): number => Math.round((at(to) - at(from)) / DAY_MS);
export const monthStart = (date: string): string => `${date.slice(0, 7)}-01`;

/** The first day of the month that lies `months` behind that of `date`. */
export function addMonths(date: string, months: number): string {
  const first = new Date(at(monthStart(date)));
  return dateOf(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + months, 1));
}

/** Of the first days of two months. */
export function monthsBetween(from: string, to: string): number {
  const [first, last] = [new Date(at(from)), new Date(at(to))];
  return (last.getUTCFullYear() - first.getUTCFullYear()) * 12 + last.getUTCMonth() - first.getUTCMonth();
}

/** Monday is 0. */
export const weekday = (date: string): number => (new Date(at(date)).getUTCDay() + 6) % 7;
