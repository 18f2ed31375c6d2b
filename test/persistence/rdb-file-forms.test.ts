// What may stand in an RDB file besides keys and values of today: versions 1 to 12, function libraries, fields, slots,
// modules, hashes whose fields expire; and files of version 10.

import { describe, expect, onTestFinished, test } from 'vitest';
import { Crc64 } from '../../src/base/checksums.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { PackedBuffer } from '../../src/memory/packed.ts';
import { PackedValue } from '../../src/memory/packed-entry.ts';
import { RdbDecoder } from '../../src/persistence/rdb/rdb-decoder.ts';
import { type RdbError, RdbReader } from '../../src/persistence/rdb/rdb-reader.ts';
import { TestServer } from '../support/test-server.ts';
import { START_MS, VirtualRuntime } from '../support/virtual-runtime.ts';
import { length, OLD_PAYLOADS, string } from './old-forms.ts';
import { VALUES } from './values.ts';

const DUMP = '/dump.rdb';
const FAILED = 'ERR Error trying to load the RDB dump, check server logs.';
const LIBRARY = "#!lua name=mylib\nredis.register_function('f', function() return 1 end)";

type Part = Buffer | string;
const joined = (parts: readonly Part[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1')));
const key = (name: string, value: string) => joined(['\0', string(name), string(value)]);
const aux = (name: string, value: string) => joined(['\xfa', string(name), string(value)]);
const library = (text: string) => joined(['\xf5', string(text)]);

/** A file of these parts, with its checksum where the version has one. */
function file(version: number, ...parts: Part[]): string {
  const bytes = joined([`REDIS${String(version).padStart(4, '0')}`, ...parts, '\xff']);
  if (version < 5) return bytes.toString('latin1');
  const end = Buffer.alloc(8);
  new Crc64().update(bytes).write(end, 0);
  return Buffer.concat([bytes, end]).toString('latin1');
}

async function start(config: Record<string, string> = {}) {
  const runtime = new VirtualRuntime();
  const server = await TestServer.start({
    runtime,
    config: { 'enable-debug-command': 'yes', dir: '/', ...config },
  });
  onTestFinished(() => server.close());
  return { client: server.connect(), disk: runtime.disk, server };
}

async function load(text: string, config?: Record<string, string>) {
  const started = await start(config);
  started.disk.write(DUMP, text);
  const { reply } = await started.client.call('DEBUG RELOAD NOSAVE');
  const log = started.server.logLines.join('\n');
  return { ...started, reply: reply.type === 'error' ? reply.text : 'OK', log };
}

test.each(Array.from({ length: 12 }, (_, i) => i + 1))('a file of version %d is read', async (version) => {
  const { client, reply } = await load(file(version, '\xfe', length(0), key('a', 'text')));
  expect(reply).toBe('OK');
  expect(await client.value('GET', 'a')).toBe('text');
});

test('a small list is a block, but not one that comes as a single ziplist', async () => {
  const { client } = await start();
  for (const { name, payload } of OLD_PAYLOADS) {
    if (!/^(a list|a ziplist of a list|a quicklist of one ziplist)$/.test(name)) continue;
    await client.call(['RESTORE', 'k', '0', payload.toString('latin1'), 'REPLACE']);
    const encoding = await client.value('OBJECT', 'ENCODING', 'k');
    expect([name, encoding]).toEqual([name, name === 'a ziplist of a list' ? 'quicklist' : 'listpack']);
  }
});

describe('function libraries', () => {
  const bodyOf = (text: string) => text.slice(text.indexOf('aof-base'));

  test('are kept from file to file, between the fields and the keys', async () => {
    const { client, disk, reply } = await load(file(11, library(LIBRARY), key('a', 'b')));
    expect(reply).toBe('OK');
    await client.call('FLUSHALL');
    await client.pipeline(['SET c d', 'CONFIG SET rdbcompression no', 'SAVE']);
    const body = bodyOf(disk.read(DUMP)!);
    const expected = joined([
      library(LIBRARY),
      '\xfe',
      length(0),
      '\xfb',
      length(1),
      length(0),
      key('c', 'd'),
    ]);
    expect(body.slice(10, 10 + expected.length)).toBe(expected.toString('latin1'));
    // Loading them again is no conflict: the data set that they belong to is removed before.
    expect(await client.value('DEBUG', 'RELOAD')).toBe('OK');
    expect(bodyOf(disk.read(DUMP)!)).toContain(LIBRARY);
    expect(await client.value('INFO', 'memory')).toContain('number_of_libraries:1\r\n');
  });

  test('are compressed as other strings', async () => {
    const long = `${LIBRARY}\n${'-- the same comment again\n'.repeat(40)}`;
    const { client, disk } = await load(file(11, library(long)));
    await client.call('SAVE');
    expect(disk.read(DUMP)!).not.toContain(long);
    expect(disk.read(DUMP)!.length).toBeLessThan(long.length);
    expect(await client.value('DEBUG', 'RELOAD')).toBe('OK');
  });

  test('replace one of the same name only where keys do, too', async () => {
    const started = await load(file(11, library(LIBRARY)));
    const again = `${LIBRARY} -- again`;
    started.disk.write(DUMP, file(11, library(again)));
    expect((await started.client.call('DEBUG RELOAD NOSAVE NOFLUSH')).reply).toEqual({
      type: 'error',
      text: FAILED,
    });
    expect(started.server.logLines.join('\n')).toContain(
      "Failed loading library, Library 'mylib' already exists",
    );
    expect(await started.client.value('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE')).toBe('OK');
    await started.client.pipeline(['CONFIG SET rdbcompression no', 'SAVE']);
    expect(started.disk.read(DUMP)!).toContain(again);
  });

  test('without a name are refused', async () => {
    const { log, reply } = await load(file(11, library('return 1')));
    expect(reply).toBe(FAILED);
    expect(log).toContain('Failed loading library, Missing library metadata');
  });

  test('of the form before the first release are refused', async () => {
    const { log, reply } = await load(file(10, '\xf6', string('lib')));
    expect(reply).toBe(FAILED);
    expect(log).toContain('Pre-release function format not supported.');
  });
});

describe('what else stands between keys', () => {
  test('how many keys a slot has is passed over', async () => {
    const { client, reply } = await load(
      file(12, '\xfe', length(0), '\xf4', length(15495), length(1), length(0), key('a', '1')),
    );
    expect(reply).toBe('OK');
    expect(await client.value('GET', 'a')).toBe('1');
  });

  test('fields of a module are refused by its name', async () => {
    const id = moduleId('ReJSON-RL', 3);
    const { log, reply } = await load(file(11, '\xf7', id, length(2), length(1), length(0)));
    expect(reply).toBe(FAILED);
    expect(log).toContain(
      "The RDB file contains AUX module data I can't load: no matching module 'ReJSON-RL'",
    );
  });

  test('and so are its values', async () => {
    const { log, reply } = await load(file(11, '\x07', string('k'), moduleId('MBbloom--', 4), length(0)));
    expect(reply).toBe(FAILED);
    expect(log).toContain("no matching module type 'MBbloom--'");
  });

  test('the log says what the file says of itself', async () => {
    const { log } = await load(
      file(
        11,
        aux('redis-ver', '7.4.1'),
        aux('CTIME', String(START_MS / 1000 - 60)),
        aux('used-mem', '2097152'),
        aux('%note', 'hello'),
        aux('AOF-preamble', '1'),
        aux('aof-base', '1'),
        aux('nonsense', 'x'),
      ),
    );
    expect(log).toContain('Loading RDB produced by version 7.4.1');
    expect(log).toContain('RDB age 60 seconds');
    expect(log).toContain('RDB memory usage when created 2.00 Mb');
    expect(log).toContain("RDB '%note': hello");
    expect(log).toContain('RDB has an AOF tail');
    expect(log).toContain('RDB is base AOF');
  });

  test('where replication stood is known to whoever loads', () => {
    const id = '0123456789abcdef0123456789abcdef01234567';
    const { decoder } = decoderOf(
      file(11, aux('repl-stream-db', '3'), aux('repl-id', id), aux('repl-offset', '9007199254740993')),
    );
    decoder.run();
    expect(decoder.fields).toMatchObject({
      streamDatabase: 3,
      replicationId: id,
      replicationOffset: 9007199254740993n,
      isAofBase: false,
    });
  });
});

describe('hashes whose fields may expire', () => {
  const past = START_MS - 1;
  const later = START_MS + 1000;

  function packed(...values: (string | number)[]): Buffer {
    const block = new PackedBuffer();
    const entry = new PackedValue();
    for (const value of values) block.append(entry.setText(String(value)));
    return string(Buffer.from(block.bytes));
  }

  function int64(value: number): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  }

  const number = (value: number) => {
    const bytes = Buffer.alloc(9, 0x81);
    bytes.writeBigUInt64BE(BigInt(value), 1);
    return bytes;
  };
  const kept = (type: number, ...body: Part[]) => file(12, String.fromCharCode(type), string('h'), ...body);

  test.each([
    [
      'a table',
      kept(
        24,
        int64(past - 9),
        length(3),
        length(0),
        string('a'),
        string('1'),
        length(10),
        string('b'),
        string('2'),
        length(0),
        string('c'),
        string('3'),
      ),
    ],
    [
      'a table of the release candidates',
      kept(
        22,
        length(3),
        length(0),
        string('a'),
        string('1'),
        number(past),
        string('b'),
        string('2'),
        length(0),
        string('c'),
        string('3'),
      ),
    ],
    ['a block', kept(25, int64(past), packed('b', 2, past, 'a', 1, 0, 'c', 3, 0))],
    ['a block of the release candidates', kept(23, packed('b', 2, past, 'a', 1, 0, 'c', 3, 0))],
  ])('%s: what has expired is left out', async (_name, text) => {
    const { client, reply } = await load(text);
    expect(reply).toBe('OK');
    expect(await client.value('HGETALL', 'h')).toEqual(['a', '1', 'c', '3']);
    expect(await client.value('OBJECT', 'ENCODING', 'h')).toBe('listpack');
  });

  test.each([
    ['a table', kept(24, int64(later), length(1), length(1), string('soon'), string('1'))],
    ['a block', kept(25, int64(later), packed('soon', 1, later))],
  ])('%s: a field that is yet to expire is refused by name', async (_name, text) => {
    const { log, reply } = await load(text);
    expect(reply).toBe(FAILED);
    expect(log).toContain(`a hash whose field 'soon' expires at ${later}`);
  });

  test('a hash of which nothing is left is no key', async () => {
    const { client, reply } = await load(kept(25, int64(past), packed('b', 2, past)));
    expect(reply).toBe('OK');
    expect(await client.value('DBSIZE')).toBe(0);
  });

  test('a block that is cut short is damaged', async () => {
    const { log, reply } = await load(kept(25, int64(past), packed('b', 2)));
    expect(reply).toBe(FAILED);
    expect(log).toContain('Hash listpackex integrity check failed.');
  });

  test('RESTORE knows no such type', async () => {
    const { client } = await start();
    const payload = joined(['\x19', int64(past), packed('a', 1, 0), '\x0b\0', Buffer.alloc(8)]);
    new Crc64().update(payload, 0, payload.length - 8).write(payload, payload.length - 8);
    expect((await client.call(['RESTORE', 'h', '0', payload.toString('latin1')])).reply).toEqual({
      type: 'error',
      text: 'ERR Bad data format',
    });
  });
});

describe('in steps', () => {
  const many = Array.from({ length: 500 }, (_, i) => key(`key:${i}`, `value ${i}`));
  const members = Array.from({ length: 60_000 }, (_, i) => string(`a member of some length ${i}`));
  const large = joined(['\x02', string('set'), length(members.length), ...members]);

  test('reading pauses after a key when it is told to', () => {
    const { decoder, keyspace } = decoderOf(file(11, ...many));
    let asked = 0;
    const offsets: number[] = [];
    const steps = decoder.steps((offset) => {
      offsets.push(offset);
      return ++asked % 100 === 0;
    });
    let pauses = 0;
    while (!steps.next().done) expect(keyspace.database(0).size).toBe(++pauses * 100);
    expect(pauses).toBe(5);
    expect(asked).toBe(500);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(decoder.keysLoaded).toBe(500);
  });

  test('and within a value of many elements, whose key comes when it is complete', () => {
    const { decoder, keyspace, reader } = decoderOf(file(11, large, key('after', '1')));
    const db = keyspace.database(0);
    const steps = decoder.steps(() => false);
    let pauses = 0;
    let before = 0;
    while (!steps.next().done) {
      pauses++;
      expect(reader.offset - before).toBeLessThan(300_000);
      before = reader.offset;
      expect(db.size).toBe(0);
    }
    expect(pauses).toBeGreaterThan(5);
    expect(db.size).toBe(2);
  });

  test('what was read of a value whose data end is freed', () => {
    const { decoder, keyspace } = decoderOf(file(11, large.subarray(0, -1000)));
    const before = keyspace.usedBytes;
    expect(() => decoder.run()).toThrow(/Unexpected EOF|Unknown/);
    expect(keyspace.usedBytes).toBe(before);
  });

  test('an error knows the place and the reason', () => {
    const { decoder } = decoderOf(file(11, key('a', '1'), '\x14', string('s'), string('no block')));
    const error = (() => {
      try {
        decoder.run();
      } catch (caught) {
        return caught as RdbError;
      }
      return null;
    })();
    expect(error).toMatchObject({ offset: 9 + 5 + 12, reason: 'Set listpack integrity check failed.' });
  });

  test('nothing behind the end is read: effects may follow', () => {
    const text = file(11, aux('aof-preamble', '1'), key('a', '1'));
    const { decoder, reader } = decoderOf(`${text}*1\r\n$4\r\nPING\r\n`);
    decoder.run();
    expect(reader.offset).toBe(text.length);
    expect(decoder.fields.hasAofTail).toBe(true);
  });
});

describe('rdb-version 10', () => {
  test('is what DUMP gives, with the forms that version has', async () => {
    const { client } = await start({ 'rdb-version': '10' });
    await client.pipeline([
      'SADD s a b 7 300',
      'XADD x 1-1 f v',
      'XGROUP CREATE x g 0',
      'XREADGROUP GROUP g c STREAMS x >',
    ]);
    const set = Buffer.from((await client.value('DUMP', 's')) as string, 'latin1');
    expect(set.subarray(0, -8).toString('latin1')).toBe('\x02\x04\x01a\x01b\xc0\x07\xc1\x2c\x01\x0a\0');
    const stream = Buffer.from((await client.value('DUMP', 'x')) as string, 'latin1');
    expect([stream[0], stream.readUInt16LE(stream.length - 10)]).toEqual([19, 10]);
    for (const [name, payload] of [
      ['s', set],
      ['x', stream],
    ] as const) {
      const digest = await client.value('DEBUG', 'DIGEST-VALUE', name);
      expect(await client.value('RESTORE', name, '0', payload.toString('latin1'), 'REPLACE')).toBe('OK');
      expect(await client.value('DEBUG', 'DIGEST-VALUE', name)).toEqual(digest);
    }
    expect(await client.value('OBJECT', 'ENCODING', 's')).toBe('listpack');
    await client.call('CONFIG SET rdb-version 11');
    expect((await client.value('DUMP', 's')) as string).toMatch(/^\x14/);
  });

  test.each(VALUES)('keeps $name', async ({ requests }) => {
    const { client, disk } = await start({ 'rdb-version': '10' });
    await client.pipeline(requests);
    const encoding = await client.value('OBJECT', 'ENCODING', 'k');
    const digest = await client.value('DEBUG', 'DIGEST');
    expect(await client.value('DEBUG', 'RELOAD')).toBe('OK');
    expect(disk.read(DUMP)!.slice(0, 9)).toBe('REDIS0010');
    expect(await client.value('DEBUG', 'DIGEST')).toBe(digest);
    expect(await client.value('OBJECT', 'ENCODING', 'k')).toBe(encoding);
  });

  test.each(['9', '12', 'x'])('is 10 or 11: not %s', async (value) => {
    const { client } = await start();
    expect((await client.call(['CONFIG', 'SET', 'rdb-version', value])).reply).toMatchObject({
      type: 'error',
    });
  });
});

/** The ID of a module's type: nine letters of six bits, ten bits of version; as a length of 64 bits. */
function moduleId(name: string, version: number): Buffer {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  let id = 0n;
  for (const letter of name) id = (id << 6n) | BigInt(letters.indexOf(letter));
  const bytes = Buffer.alloc(9, 0x81);
  bytes.writeBigUInt64BE((id << 10n) | BigInt(version), 1);
  return bytes;
}

class SummedReader extends RdbReader {
  get checksum(): bigint {
    return new Crc64().update(this.bytes, 0, this.at).value;
  }
}

/** A decoder of a file that is in memory, into a keyspace of its own. */
function decoderOf(text: string) {
  const nothing = () => {};
  const log = { debug: nothing, verbose: nothing, notice: nothing, warning: nothing };
  const keyspace = new Keyspace(16, new SeededRandom(Buffer.from('steps')));
  const reader = new SummedReader(Buffer.from(text, 'latin1'));
  const decoder = new RdbDecoder(keyspace, reader, log as never, {
    checksChecksum: true,
    deep: false,
    replaces: false,
    dropsExpired: true,
    nowMs: START_MS,
  });
  return { decoder, keyspace, reader };
}
