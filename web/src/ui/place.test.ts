import { expect, test } from 'vitest';
import { place } from './place';

const WINDOW = { width: 400, height: 800 };
const button = (left: number, top: number) => ({ left, top, right: left + 80, bottom: top + 32 });

test('a popover stands below its button, within the window', () => {
  expect(place(button(20, 100), { width: 200, height: 300 }, WINDOW, 'start')).toEqual({
    left: 20,
    top: 138,
    maxHeight: 654,
  });
  expect(place(button(300, 100), { width: 200, height: 300 }, WINDOW, 'start').left).toBe(192);
  expect(place(button(300, 100), { width: 200, height: 300 }, WINDOW, 'end').left).toBe(180);
  expect(place(button(20, 100), { width: 200, height: 300 }, WINDOW, 'end').left).toBe(8);
});

test('it stands above where there is more room, and is never higher than that', () => {
  expect(place(button(20, 700), { width: 200, height: 300 }, WINDOW, 'start')).toEqual({
    left: 20,
    top: 394,
    maxHeight: 686,
  });
  expect(place(button(20, 700), { width: 200, height: 3_000 }, WINDOW, 'start')).toEqual({
    left: 20,
    top: 8,
    maxHeight: 686,
  });
});
