import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  serializeServerSentEvent,
  ServerSentEventParser,
} from '../../src/serve/server-sent-events.ts';

const word = fc.stringMatching(/^[\w{}":, é-]{1,30}$/).filter((text) => !text.startsWith(' '));

describe('ServerSentEventParser', () => {
  it('reads what was written, wherever it is cut', () => {
    const event = fc.record({ id: word, event: word, data: word });
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), lineEnd, fc.nat(40), (events, end, size) => {
        const text = events.map(serializeServerSentEvent).join('').replaceAll('\n', end);
        const parser = new ServerSentEventParser();
        const found = [];
        for (let at = 0; at < text.length; at += size + 1) {
          found.push(...parser.push(text.slice(at, at + size + 1)));
        }
        // A lone carriage return may yet be followed by a line feed.
        found.push(...parser.push(end === '\r' ? ':' : ''));
        expect(found).toEqual(events);
      }),
    );
  });

  it('joins lines of data, and leaves comments and what has no data out', () => {
    const parser = new ServerSentEventParser();
    const text = 'retry: 5\nid: 7\n\n: still here\n\nevent: a\n\ndata:x\ndata: y\nstrange\n\n';
    expect([...parser.push(text)]).toEqual([{ id: '7', event: '', data: 'x\ny' }]);
    expect(parser.lastId).toBe('7');
  });

  it('gives up on an event without an end', () => {
    const parser = new ServerSentEventParser();
    expect(() => {
      for (;;) Array.from(parser.push('data: x\n'.repeat(1000)));
    }).toThrow(RangeError);
    expect(() => [...new ServerSentEventParser().push('x'.repeat(70_000))]).toThrow(RangeError);
  });
});
