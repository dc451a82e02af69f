import { expect, test } from 'vitest';
import { askable, beginnings, snippets } from './search';

test('words and phrases are asked for, what is only left out is not', () => {
  for (const text of ['mug', '"on its way"', '-broken mug', 'ß', '5', '"mug']) expect(askable(text), text).toBe(true);
  for (const text of ['', '  ', '-', '-broken', '""', '…']) expect(askable(text), text).toBe(false);
});

test('errors come first, and texts without a hit are left out', () => {
  const hit = [{ text: 'mug', hit: true }];
  expect(snippets({ output: hit, error: hit })).toEqual([
    ['error', hit],
    ['output', hit],
  ]);
});

test('a text that goes on ends with an ellipsis', () => {
  const event = { error: '', input: 'Where', output: 'On its way', truncated: ['output'] } as never;
  expect(beginnings(event)).toEqual([
    ['input', [{ text: 'Where', hit: false }]],
    ['output', [{ text: 'On its way…', hit: false }]],
  ]);
});
