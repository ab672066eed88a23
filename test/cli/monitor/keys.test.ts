import { describe, expect, it } from 'vitest';
import { KeyReader } from '../../../src/cli/monitor/keys.ts';

const typed = (...chunks: readonly string[]) => {
  const keys = new KeyReader();
  return chunks
    .flatMap((chunk) => keys.feed(new TextEncoder().encode(chunk)))
    .map((action) =>
      action.kind === 'send'
        ? `send ${JSON.stringify(String.fromCharCode(...action.bytes))}`
        : action.kind,
    );
};

describe('keys', () => {
  it.each([
    [['abc\r'], ['send "abc\\r"']],
    [['\u0003'], ['interrupt']],
    [['\u001d'], ['end']],
    [['\u0014\u0012'], ['reset']],
    [['\u0014r'], ['reset']],
    [['\u0014', '\u0012'], ['reset']],
    [['\u0014\u0002'], ['loader']],
    [['\u0014\u0008'], ['help']],
    [['\u0014?'], ['help']],
    [['\u0014\u0003'], ['send "\\u0003"']],
    [['\u0014\u0014'], ['send "\\u0014"']],
    [['ab\u0014\u0012cd'], ['send "ab"', 'reset', 'send "cd"']],
    [['\u001b[A'], ['send "\\u001b[A"']],
  ])('%j are %j', (chunks, actions) => {
    expect(typed(...chunks)).toEqual(actions);
  });
});
