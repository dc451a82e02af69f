import { expect, test } from 'vitest';
import { actionOf, KEYS } from './keys';

const press = {
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  defaultPrevented: false,
  typing: false,
};

test('each key does what the help says, whatever its case', () => {
  for (const { key, action } of KEYS) expect(actionOf({ ...press, key: key.toUpperCase() })).toEqual(action);
  expect(new Set(KEYS.map(({ key }) => key)).size).toBe(KEYS.length);
});

test('nothing happens with a modifier, while typing, or once something else took the key', () => {
  for (const held of ['ctrlKey', 'metaKey', 'altKey', 'shiftKey', 'defaultPrevented', 'typing']) {
    expect(actionOf({ ...press, key: 'd', [held]: true })).toBeNull();
  }
});
