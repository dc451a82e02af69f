import { expect, test } from 'vitest';
import { csv } from './csv';

test('formulas are disarmed, numbers stay numbers, quotes are doubled', () => {
  expect(csv(['a', '=b'], [['=1+1', -2.5], ['-x', null], ['"q", r', 'new\nline'], ['@x', '+1'], ['\tx', '']])).toBe(
    'a,\'=b\r\n\'=1+1,-2.5\r\n\'-x,\r\n"""q"", r","new\nline"\r\n\'@x,\'+1\r\n\'\tx,\r\n',
  ); // prettier-ignore
});

test('texts that are negative numbers stay as they are, and what only begins like one does not', () => {
  const cells = ['-2.5', '-1,234.50', '-3%', '-1e-7', '-1+1', '-2.5x', '-', '-1\n=1'];
  const told = ['-2.5', '"-1,234.50"', '-3%', '-1e-7', "'-1+1", "'-2.5x", "'-", '"\'-1\n=1"'];
  expect(csv([], [cells])).toBe(`\r\n${told.join(',')}\r\n`);
});
