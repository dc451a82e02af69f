// Time zones. The API alone computes with them; the page only says which day it is, and prints instants.

export const browserZone = (): string => today(Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');

/** Names that browsers still have for some zones, and those of today. */
const RENAMED: Record<string, string> = {
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
};
/** The name of today, if the browser knows it too. */
function today(name: string): string {
  const renamed = RENAMED[name];
  return renamed && isZone(renamed) ? renamed : name;
}

export const allZones = (): string[] => ['UTC', ...Intl.supportedValuesOf('timeZone').map(today).sort()];

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const wall = (zone: string) =>
  new Intl.DateTimeFormat('en', {
    timeZone: zone, hourCycle: 'h23',
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  }); // prettier-ignore
function local(instant: number, zone: string): { date: string; time: string } {
  const of = Object.fromEntries(
    wall(zone)
      .formatToParts(instant)
      .map((part) => [part.type, part.value]),
  );
  return { date: `${of['year']}-${of['month']}-${of['day']}`, time: `${of['hour']}:${of['minute']}` };
}

/** The local date of an instant (milliseconds), as `2026-11-27`. */
export const localDate = (instant: number, zone: string): string => local(instant, zone).date;

/** What the clocks of the zone show at that instant, to the minute, as the instant at which those of UTC show it. */
export function wallClock(instant: number, zone: string): number {
  const { date, time } = local(instant, zone);
  return Date.parse(`${date}T${time}Z`);
}

/** Whether a local day begins then, which need not be at 00:00. */
export const beginsDay = (instant: number, zone: string): boolean =>
  localDate(instant - 1, zone) !== localDate(instant, zone);

/** `UTC+01:00`, as it is at that instant. */
export function offset(instant: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(instant);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  return name.replace('GMT', 'UTC');
}
