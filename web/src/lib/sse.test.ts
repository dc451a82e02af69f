import { expect, test } from 'vitest';
import { SentEvents } from './sse';

test('events are read, wherever the pieces are cut', () => {
  const text = ':\n\nevent: created\nid: 3-1\ndata: {"a":1}\n\n:\n\nevent: missed\ndata: {"count":null}\n\nevent: dele';
  for (let cut = 0; cut <= text.length; cut++) {
    const events = new SentEvents();
    const read = [...events.push(text.slice(0, cut)), ...events.push(text.slice(cut))];
    expect(read).toEqual([
      { event: 'created', id: '3-1', data: '{"a":1}' },
      { event: 'missed', id: '', data: '{"count":null}' },
    ]);
  }
});
