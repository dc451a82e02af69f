import { expect, test } from 'vitest';
import { groupFilters, standing, type Group } from './group';

const is = (op: string, ...values: string[]) => ({ field: 'error', op, values });
const group = (fingerprint: string, isNew = false): Group => ({
  fingerprint, new: isNew, sample: fingerprint, count: 1, users: 1, first_seen: '', last_seen: '', per_bucket: [],
}); // prettier-ignore

test('a text without anything variable is itself', () => {
  expect(groupFilters('card_declined')).toEqual([is('is', 'card_declined')]);
});

test('a fingerprint is the parts around what is variable, each a filter of its own', () => {
  expect(groupFilters('connection ? to ? was reset')).toEqual([
    is('starts_with', 'connection '),
    is('contains', ' to '),
    is('contains', ' was reset'),
  ]);
  expect(groupFilters('? of ? of ?')).toEqual([is('contains', ' of ')]);
});

test('a fingerprint without a text is any error', () => {
  expect(groupFilters('?')).toEqual([is('set')]);
});

test('of a long text only the beginning is known', () => {
  const long = 'x'.repeat(1_000);
  expect(groupFilters(long)).toEqual([is('starts_with', long)]);
  // A filter takes 1,024 bytes.
  expect(groupFilters('щ'.repeat(600))).toEqual([is('starts_with', 'щ'.repeat(512))]);
});

test('a group is new, back, or neither', () => {
  expect(standing(group('a', true), [])).toBe('new');
  expect(standing(group('a'), [group('a')])).toBe('');
  expect(standing(group('a'), [group('b')])).toBe('back');
  expect(standing(group('a'), null)).toBe('');
  expect(
    standing(
      group('a'),
      Array.from({ length: 1_000 }, (_, index) => group(`b${index}`)),
    ),
  ).toBe('');
});
