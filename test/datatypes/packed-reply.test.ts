// Entries of packed blocks as bulk strings: every encoding, through output chunks that are always too short.

import { expect, test } from 'vitest';
import { toText } from '../../src/base/bytes.ts';
import { replyEntries, replyEntry } from '../../src/datatypes/packed-reply.ts';
import { PACKED_HEADER_BYTES, PackedBuffer } from '../../src/memory/packed.ts';
import { PackedEntry, PackedValue } from '../../src/memory/packed-entry.ts';
import { ReplyWriter } from '../../src/resp/reply-writer.ts';

const TEXTS = [
  '',
  'a',
  ...[9, 10, 62, 63, 64, 65, 99, 100, 4095, 4096, 70_000].map((length) => 'x'.repeat(length)),
  ...[0, 1, 9, 10, 99, 100, 127, 128, 4095, 4096, 32767, 32768, 8388607, 8388608, 999999999].flatMap((n) => [
    String(n),
    String(-n - 1),
  ]),
  '1000000000',
  '-1000000000',
  '2147483647',
  '-2147483648',
  '2147483648',
  '-2147483649',
  '9007199254740991',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
];

/** A writer whose chunks have just the room that is asked for, and all that was written to them. */
function tightWriter(): { writer: ReplyWriter; written(): string } {
  let earlier = '';
  const writer = new ReplyWriter((self, needed) => {
    earlier += toText(self.bytes, 0, self.at);
    self.bytes = Buffer.alloc(needed);
    self.at = 0;
  });
  return { writer, written: () => earlier + toText(writer.bytes, 0, writer.at) };
}

const block = new PackedBuffer();
for (const text of TEXTS) block.append(new PackedValue().setText(text));
const bulks = TEXTS.map((text) => `$${text.length}\r\n${text}\r\n`);

test('all entries, and no more than there are', () => {
  const { writer, written } = tightWriter();
  const count = replyEntries(writer, block.bytes, PACKED_HEADER_BYTES, TEXTS.length + 5, new PackedEntry());
  expect(count).toBe(TEXTS.length);
  expect(written()).toBe(bulks.join(''));
});

test('some entries', () => {
  for (let some = 0; some <= TEXTS.length; some += 7) {
    const { writer, written } = tightWriter();
    expect(replyEntries(writer, block.bytes, PACKED_HEADER_BYTES, some, new PackedEntry())).toBe(some);
    expect(written()).toBe(bulks.slice(0, some).join(''));
  }
});

test('one by one', () => {
  const { writer, written } = tightWriter();
  let p = PACKED_HEADER_BYTES;
  for (let i = 0; i < TEXTS.length; i++) p = replyEntry(writer, block.bytes, p, new PackedEntry());
  expect(p).toBe(block.bytes.length - 1);
  expect(written()).toBe(bulks.join(''));
});
