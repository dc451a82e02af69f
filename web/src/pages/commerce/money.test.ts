import { expect, test } from 'vitest';
import { exactMoney, money, parseExact } from './money';

test('no digit of an amount is lost', () => {
  const row = parseExact<{ revenue: string }>('{"revenue":12345678901234.5678,"orders":1}');
  expect(exactMoney('12345678901234.5678')).toBe('12,345,678,901,234.5678');
  expect(money('12345678901234.5678')).toBe('12,345,678,901,234.57');
  // Node 20 tells no source of a number; browsers do.
  expect(Number(row.revenue)).toBeCloseTo(12345678901234.568, 2);
});

test('only amounts become texts', () => {
  expect(parseExact('{"data":[{"aov":null,"net":-2.16,"units":3}]}')).toEqual({
    data: [{ aov: null, net: '-2.16', units: 3 }],
  });
});

test('amounts have two places, and up to four where they are exact', () => {
  expect(money('5')).toBe('5.00');
  expect(money('-1234.5')).toBe('-1,234.50');
  expect(money(0.12345)).toBe('0.12');
  expect(exactMoney(0.12345)).toBe('0.1235');
  expect(money(null)).toBe('–');
});
