import { expect, test } from 'vitest';
import { formatWho, whoOf } from './funnel';

const steps = 'event_name:is:a;event_name:is:b';

test.each(['1', '2.dropped', '2:mobile', '1:', '2.dropped:a:b\nc'])('the users of %s are read back', (who) => {
  const read = whoOf({ steps, who, by: 'properties.device' });
  expect(read && formatWho(read)).toBe(who);
});

test.each(['', '0', '3', '1.dropped', '1:mobile'])('there are no users of %s', (who) => {
  expect(whoOf({ steps, who })).toBeNull();
});
