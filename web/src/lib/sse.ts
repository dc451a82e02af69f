// Reads server-sent events out of the pieces that a stream comes in. Pure.

export interface Sent {
  event: string;
  id: string;
  data: string;
}

export class SentEvents {
  #rest = '';

  /** The events that are whole with this piece; comments are none. */
  push(piece: string): Sent[] {
    const parts = (this.#rest + piece).split(/\r?\n\r?\n/);
    this.#rest = parts.pop() ?? '';
    return parts.map(read).filter((sent) => sent.data !== '');
  }
}

function read(part: string): Sent {
  const sent: Sent = { event: 'message', id: '', data: '' };
  for (const line of part.split(/\r?\n/)) {
    const [, name, value = ''] = /^(event|id|data): ?(.*)$/s.exec(line) ?? [];
    if (name === 'data') sent.data += (sent.data && '\n') + value;
    else if (name === 'event' || name === 'id') sent[name] = value;
  }
  return sent;
}
