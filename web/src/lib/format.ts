// Numbers and times as people read them. `null` is what the API says of nothing, and is a dash.
import { localDate, offset } from './zone';

export const NOTHING = '–';
type Maybe = number | null | undefined;
const missing = (value: Maybe): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });
const rough = new Intl.NumberFormat('en', { style: 'percent', maximumSignificantDigits: 2 });
const part = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });

/** `1,234,567.89` */
export const number = (value: Maybe): string => (missing(value) ? NOTHING : whole.format(value));
/** `1.2M`, for axes and narrow places. */
export const compact = (value: Maybe): string => (missing(value) ? NOTHING : short.format(value));
/** A share of 0 to 1, as `2.19%`. */
export const percent = (value: Maybe): string => (missing(value) ? NOTHING : share.format(value));
/** The same as `2.2%` or `46%`, for narrow places. */
export const percentShort = (value: Maybe): string => (missing(value) ? NOTHING : rough.format(value));
/** A part by which something differs, as `+14.6%`. */
export const change = (value: Maybe): string => (missing(value) ? NOTHING : part.format(value));

/** Milliseconds as `235 ms`, `3.03 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function duration(ms: Maybe): string {
  if (missing(ms)) return NOTHING;
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 1_000) return `${trim(ms < 10 ? ms.toFixed(1) : ms.toFixed(0))} ms`;
  if (ms < 59_995) return `${trim((ms / 1_000).toFixed(2))} s`;
  const units: [string, number][] = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]]; // prettier-ignore
  const first = units.findIndex(([, length]) => ms >= length - (length > 60_000 ? 30_000 : 500));
  const [big, small] = [units[first], units[first + 1]];
  if (!big || !small) return `${(ms / 1_000).toFixed(0)} s`;
  const smalls = Math.round(ms / small[1]);
  const per = big[1] / small[1];
  const rest = smalls % per;
  return `${Math.floor(smalls / per)} ${big[0]}${rest ? ` ${rest} ${small[0]}` : ''}`;
}

const trim = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);

/** Bytes as `980 B`, `48 KB`, `1.5 MB`; a KB has 1,024. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let [size, unit] = [count, 0];
  while (size >= 1_024 && unit < units.length - 1) [size, unit] = [size / 1_024, unit + 1];
  return `${trim(size.toFixed(size < 10 && unit > 0 ? 1 : 0))} ${units[unit]}`;
}

/** `1 event`, `2 events`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

const LINE = 300;
/** As much of a text as may be seen in a line. */
export const beginning = (text: string): string => (text.length > LINE ? `${text.slice(0, LINE)}…` : text);

/** Somebody's text in a sentence of ours, which goes on from left to right whatever direction that text has. */
export const isolated = (text: string): string => `\u2068${text}\u2069`;
export const quoted = (text: string): string => `“${isolated(text)}”`;

const formats = new Map<string, Intl.DateTimeFormat>();
function print(instant: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  const key = zone + JSON.stringify(options);
  let format = formats.get(key);
  if (!format)
    formats.set(key, (format = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone, hourCycle: 'h23' })));
  return format.format(instant).replace(',', '');
}

const CLOCK = { hour: '2-digit', minute: '2-digit' } as const;
const DAY = { weekday: 'short', day: 'numeric', month: 'short' } as const;

/** `12:03`, or `12:03:04` */
export const clock = (instant: number, zone: string, seconds = false): string =>
  print(instant, zone, seconds ? { ...CLOCK, second: '2-digit' } : CLOCK);
/** `Fri 27 Nov` */
export const day = (instant: number, zone: string): string => print(instant, zone, DAY);

const SHORT = { day: 'numeric', month: 'short' } as const;
const dated = (at: number, zone: string, seconds: boolean): string =>
  `${print(at, zone, SHORT)} ${clock(at, zone, seconds)}`;
/** `27 Nov 12:03:04`, for lists that are read from the newest on. */
export const moment = (instant: string, zone: string): string => dated(Date.parse(instant), zone, true);
/** `27 Nov 12:03`, for lists where seconds say nothing. */
export const minute = (instant: string, zone: string): string => dated(Date.parse(instant), zone, false);
/** `27 Nov 2026 12:03:04`, for panels and headlines. */
export function fullMoment(instant: string, zone: string): string {
  const at = Date.parse(instant);
  return `${print(at, zone, { ...SHORT, year: 'numeric' })} ${clock(at, zone, true)}`;
}
const fraction = (ms: number): string => String(((ms % 1_000) + 1_000) % 1_000).padStart(3, '0');
/** The same to the millisecond, for when one event or request was. */
export const exactMoment = (instant: string, zone: string): string =>
  `${fullMoment(instant, zone)}.${fraction(Date.parse(instant))}`;

/** `14–20 Nov 2026`, or `26 Nov 2026, 10:00–12:00`: from one reading of a clock to another, told as instants of UTC. */
export function wallSpan(from: number, to: number, minutes: boolean): string {
  const options = { day: 'numeric', month: 'short', year: 'numeric', ...(minutes ? CLOCK : {}) } as const;
  const format = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC', hourCycle: 'h23' });
  return format
    .formatRange(from, to)
    .replaceAll('\u2009', ' ')
    .replace(/^(\d+) – (?=\d+ \w+ \d+$)/, '$1–');
}

/** `2026-11-27 12:03:04.120`, for files: it sorts. */
export function timestamp(instant: string, zone: string): string {
  const ms = Date.parse(instant);
  return `${localDate(ms, zone)} ${clock(ms, zone, true)}.${fraction(ms)}`;
}

/** A zone with what it is off by, as `Europe/Berlin (UTC+01:00)`. */
export const zoneName = (zone: string, instant: number): string =>
  zone === 'UTC' ? 'UTC' : `${zone} (${offset(instant, zone)})`;

/** What a bucket is called, by the interval of the answer. */
export function bucketName(start: string, interval: string, zone: string): string {
  const at = Date.parse(start);
  switch (interval) {
    case 'minute':
    case 'hour':
      return `${day(at, zone)} ${clock(at, zone)}`;
    case 'week':
      return `Week of ${day(at, zone)}`;
    case 'month':
      return print(at, zone, { month: 'long', year: 'numeric' });
    default:
      return day(at, zone);
  }
}

/** The same, short, for the ticks of an axis. */
export function tickName(start: string, interval: string, zone: string): string {
  const at = Date.parse(start);
  if (interval === 'month') return print(at, zone, { month: 'short', year: '2-digit' });
  return interval === 'minute' || interval === 'hour' ? clock(at, zone) : print(at, zone, SHORT);
}
