// Replies as bytes in both protocols.

import { describe, expect, it } from 'vitest';
import { ReplyWriter, SHORT_BULK_BYTES } from '../../src/resp/reply-writer.ts';

/** What `write` produces in a protocol, from a writer that starts without room. */
function written(protocol: 2 | 3, write: (writer: ReplyWriter) => void): string {
  let text = '';
  const writer = new ReplyWriter((full, needed) => {
    text += full.bytes.toString('latin1', 0, full.at);
    full.bytes = Buffer.alloc(needed);
    full.at = 0;
  });
  writer.protocol = protocol;
  write(writer);
  return text + writer.bytes.toString('latin1', 0, writer.at);
}

describe('replies', () => {
  it.each<[string, (writer: ReplyWriter) => void, string, string]>([
    ['ok', (w) => w.ok(), '+OK\r\n', '+OK\r\n'],
    ['error', (w) => w.error('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
    ['small integer', (w) => w.integer(7), ':7\r\n', ':7\r\n'],
    ['negative integer', (w) => w.integer(-42), ':-42\r\n', ':-42\r\n'],
    [
      'int64',
      (w) => w.integer(-9223372036854775808n),
      ':-9223372036854775808\r\n',
      ':-9223372036854775808\r\n',
    ],
    ['empty bulk', (w) => w.bulkText(''), '$0\r\n\r\n', '$0\r\n\r\n'],
    [
      'binary bulk',
      (w) => w.bulk(Buffer.from('a\r\n\xff', 'latin1'), 0, 4),
      '$4\r\na\r\n\xff\r\n',
      '$4\r\na\r\n\xff\r\n',
    ],
    ['null', (w) => w.null(), '$-1\r\n', '_\r\n'],
    ['null array', (w) => w.nullArray(), '*-1\r\n', '_\r\n'],
    ['array', (w) => w.array(12), '*12\r\n', '*12\r\n'],
    ['map', (w) => w.map(2), '*4\r\n', '%2\r\n'],
    ['set', (w) => w.set(3), '*3\r\n', '~3\r\n'],
    ['push', (w) => w.push(3), '*3\r\n', '>3\r\n'],
    ['double', (w) => w.double(0.1), '$3\r\n0.1\r\n', ',0.1\r\n'],
    ['infinity', (w) => w.double(Number.NEGATIVE_INFINITY), '$4\r\n-inf\r\n', ',-inf\r\n'],
    ['boolean', (w) => w.boolean(true), ':1\r\n', '#t\r\n'],
    ['big number', (w) => w.bigNumber('123'), '$3\r\n123\r\n', '(123\r\n'],
    ['verbatim', (w) => w.verbatim('hi', 'txt'), '$2\r\nhi\r\n', '=6\r\ntxt:hi\r\n'],
  ])('%s', (_name, write, resp2, resp3) => {
    expect(written(2, write)).toBe(resp2);
    expect(written(3, write)).toBe(resp3);
  });

  it('hold values of any length', () => {
    const value = 'v'.repeat(300_000);
    expect(written(2, (w) => w.bulkText(value))).toBe(`$300000\r\n${value}\r\n`);
  });

  it('copy short bulk strings word by word from any word to any place', () => {
    const memory = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => 255 - i));
    const words = new Int32Array(memory.buffer, memory.byteOffset, memory.length / 4);
    for (let length = 0; length < SHORT_BULK_BYTES; length++) {
      const start = 4 * (length % 37);
      const text = written(2, (w) => {
        w.raw('x'.repeat(length % 8));
        w.roomForShortBulks(2);
        w.shortBulk(words, start, length);
        w.shortBulk(words, 0, length);
      });
      const bulk = (from: number) => `$${length}\r\n${memory.toString('latin1', from, from + length)}\r\n`;
      expect(text).toBe('x'.repeat(length % 8) + bulk(start) + bulk(0));
    }
  });
});
