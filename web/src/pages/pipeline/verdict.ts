// What the numbers of the pipeline mean, and what to do about them. Pure.
import type { Schemas } from '$lib/api';
import { duration, plural, quoted } from '$lib/format';

export type Pipeline = Schemas['Pipeline'];

export interface Verdict {
  kind: 'good' | 'warning' | 'bad';
  means: string;
  /** What to do, step by step. */
  todo: string[];
}

/** As long as an event may wait before that is worth a look; the alert MillraceEventsLate has the same bound. */
const LATE_MS = 60_000;

const letters = (count: number): Verdict => ({
  kind: 'bad',
  means: `${plural(count, 'message')} could not be written: dead letters, which are kept.`,
  todo: [
    '`millrace-consumer dead-letters list` names the reasons, `show` the messages.',
    'Mend what is wrong, then `replay` them. The reason `unknown_event` alone is a client that changed an event which is not there.',
  ],
});

function waiting({ lag, oldest_age_ms, partitions, dead_letters }: Pipeline): Verdict {
  const age = oldest_age_ms ?? null;
  if (age === null)
    return {
      kind: 'warning',
      means: 'How long events have waited can’t be seen just now.',
      todo: ['Look whether Kafka answers, below; it is asked again by itself.'],
    };
  if (lag === 0) {
    const lost =
      dead_letters === 0 ? 'Nothing is lost, and nothing waits: all that was taken in' : 'Nothing waits: all else';
    return { kind: 'good', means: `${lost} is in the answers.`, todo: [] };
  }
  if (age < LATE_MS)
    return {
      kind: 'good',
      means: `${dead_letters === 0 ? 'Nothing is lost: ' : ''}${plural(lag, 'operation')} ${lag === 1 ? 'is' : 'are'} on the way, none for longer than a minute.`,
      todo: [],
    };
  const most = partitions?.length ?? 0;
  return {
    kind: 'bad',
    means: `The oldest event that is not visible has waited for ${duration(age)}; ${plural(lag, 'operation')} wait. Nothing is lost: it becomes visible once it is written.`,
    todo: [
      'If no partition’s “written” grows, no consumer runs: start one before the topic’s retention ends.',
      'If a consumer is not ready, `/ready` of its status port says what it waits for: ClickHouse or Kafka.',
      `Else more comes in than is written: start more consumers, up to ${most > 0 ? most : 'one for each partition'}. If inserts take long, give ClickHouse more.`,
    ],
  };
}

export function verdicts(pipeline: Pipeline): Verdict[] {
  const found = [waiting(pipeline)];
  if (pipeline.dead_letters > 0) found.push(letters(pipeline.dead_letters));
  for (const { rule, problem } of pipeline.alerts?.failing ?? [])
    found.push({
      kind: 'warning',
      means: `The alert rule ${quoted(rule)} could not be evaluated: ${problem}`,
      todo: [],
    });
  if (pipeline.alerts?.unreadable)
    found.push({
      kind: 'warning',
      means: `The file of alert rules can’t be read: ${pipeline.alerts.unreadable}`,
      todo: ['Mend the file; the rules before stay in force until then.'],
    });
  return found;
}

/** A text with parts between backticks, which are code. */
export const parts = (text: string): { text: string; code: boolean }[] =>
  text.split('`').map((part, index) => ({ text: part, code: index % 2 === 1 }));
