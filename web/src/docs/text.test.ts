import { expect, test } from 'vitest';
import { paragraphs } from './text';

test('a description is paragraphs with names in them', () => {
  expect(paragraphs('All of `a` and `b`.\n\n  More,\nin two lines.\n')).toEqual([
    ['All of ', 'a', ' and ', 'b', '.'],
    ['More,\nin two lines.'],
  ]);
  expect(paragraphs('`a`')).toEqual([['', 'a', '']]);
  expect(paragraphs('<b>not bold</b>')).toEqual([['<b>not bold</b>']]);
  expect(paragraphs('<i>Example</i> : 5s')).toEqual([['Example : 5s']]);
  expect(paragraphs('')).toEqual([]);
});
