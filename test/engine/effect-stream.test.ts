// The bytes of effects.

import { expect, test } from 'vitest';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import { EffectStream } from '../../src/engine/effect-stream.ts';

/** Adds a command of these texts as an effect. */
function add(stream: EffectStream, dbId: number, texts: readonly string[]): void {
  const command = new CommandBuffer();
  command.addTexts(texts);
  stream.add(dbId, command.bytes, 0, command.at);
}

function taken(stream: EffectStream): string {
  return Buffer.from(stream.take()).toString('latin1');
}

test('a database is selected before its first effect, and when it changes', () => {
  const stream = new EffectStream();
  add(stream, 0, ['SET', 'a', '1']);
  expect(taken(stream)).toBe('*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n');
  add(stream, 0, ['DEL', 'a']);
  expect(taken(stream)).toBe('*2\r\n$3\r\nDEL\r\n$1\r\na\r\n');
  add(stream, 12, ['DEL', 'a']);
  expect(taken(stream)).toBe('*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n');
});

test('an effect of no database selects none', () => {
  const stream = new EffectStream();
  add(stream, -1, ['MULTI']);
  expect(taken(stream)).toBe('*1\r\n$5\r\nMULTI\r\n');
  add(stream, 3, ['DEL', 'a']);
  add(stream, -1, ['EXEC']);
  add(stream, 3, ['DEL', 'b']);
  expect(taken(stream).match(/SELECT/g)).toHaveLength(1);
});

test('the database is told again when it was forgotten', () => {
  const stream = new EffectStream();
  add(stream, 3, ['DEL', 'a']);
  stream.take();
  stream.forgetDatabase();
  add(stream, 3, ['DEL', 'a']);
  expect(taken(stream)).toContain('SELECT');
});

test('every byte survives, whatever the size, and is counted', () => {
  const stream = new EffectStream();
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  const large = all.repeat(20_000);
  add(stream, -1, ['SET', all, large]);
  add(stream, -1, ['SET', '', all]);
  const bytes = taken(stream);
  expect(bytes).toBe(
    `*3\r\n$3\r\nSET\r\n$256\r\n${all}\r\n$${large.length}\r\n${large}\r\n*3\r\n$3\r\nSET\r\n$0\r\n\r\n$256\r\n${all}\r\n`,
  );
  expect(stream.offset).toBe(bytes.length);
  expect(stream.isEmpty).toBe(true);
  add(stream, -1, ['ping']);
  expect(taken(stream)).toBe('*1\r\n$4\r\nping\r\n');
  expect(stream.offset).toBe(bytes.length + 14);
});
