// The text of the manifest: what is read, what is refused with which words and at which line, and what is written.

import { describe, expect, test } from 'vitest';
import { Manifest, ManifestError, parseManifest } from '../../../src/persistence/aof/manifest.ts';

const BASE = 'file a.1.base.rdb seq 1 type b\n';
const INCREMENT = 'file a.1.incr.aof seq 1 type i\n';
const FORMAT = 'Invalid AOF manifest file format';
const LONG = 'The AOF manifest file contains too long line';

function refusal(text: string): ManifestError {
  try {
    parseManifest(text);
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
  throw new Error('the manifest was taken');
}

describe('reading', () => {
  test.each([
    ['a base and an increment', BASE + INCREMENT],
    ['comments', `# one\n${BASE}#two\n${INCREMENT}`],
    ['keys that are not known', `${BASE.trimEnd()} newkey newvalue\n${INCREMENT}`],
    ['keys in another case and order', `SEQ 1 Type b FILE a.1.base.rdb\n${INCREMENT}`],
    ['blanks and CRLF', ` \t${BASE.trimEnd()}  \r\n${INCREMENT.trimEnd()}\r\n`],
    ['quotes', `file "a.1\\x2ebase.rdb" seq "1" type 'b'\n${INCREMENT}`],
    ['types that only begin so', `file a.1.base.rdb seq 1 type base\n${INCREMENT}`],
    ['numbers that only begin so', `file a.1.base.rdb seq 1x type b\n${INCREMENT}`],
    ['the last of several values', `file z seq 9 type h file a.1.base.rdb seq 1 type b\n${INCREMENT}`],
  ])('takes %s', (_name, text) => {
    expect(parseManifest(text).format()).toBe(BASE + INCREMENT);
  });

  test('keeps history and order, and knows the numbers that were given last', () => {
    const text =
      'file a.3.base.rdb seq 3 type b\nfile a.2.base.rdb seq 2 type h\nfile a.1.incr.aof seq 1 type h\n' +
      'file a.2.incr.aof seq 2 type i\nfile a.5.incr.aof seq 5 type i\n';
    const manifest = parseManifest(text);
    expect(manifest.format()).toBe(text);
    expect(manifest.files.map(({ name }) => name)).toEqual(['a.3.base.rdb', 'a.2.incr.aof', 'a.5.incr.aof']);
    expect([manifest.baseSequence, manifest.incrementSequence]).toEqual([3, 5]);
    expect(manifest.isChanged).toBe(false);
  });

  test.each<[string, string, string, number | null]>([
    ['nothing', '', 'Found an empty AOF manifest', null],
    ['a blank line', `${BASE}\n${INCREMENT}`, FORMAT, 2],
    ['an unknown key in the place of a needed one', `filx a seq 1 type b\n`, FORMAT, 1],
    ['too few words', `${BASE}file a type i\n`, FORMAT, 2],
    ['an odd number of words', `${BASE}${INCREMENT.trimEnd()} newkey\n`, FORMAT, 2],
    ['unbalanced quotes', 'file "a seq 1 type b\n', FORMAT, 1],
    ['the number 0', 'file a seq 0 type i\n', FORMAT, 1],
    ['no number', 'file a seq x type i\n', FORMAT, 1],
    ['an empty type', 'file a seq 1 type ""\n', FORMAT, 1],
    ['an unknown type', 'file a seq 1 type x\n', 'Unknown AOF file type', 1],
    ['two bases', `${BASE}file b seq 2 type b\n`, 'Found duplicate base file information', 2],
    ['falling numbers', `file a seq 2 type i\n${INCREMENT}`, 'Found a non-monotonic sequence number', 2],
    ['the same number again', INCREMENT + INCREMENT, 'Found a non-monotonic sequence number', 2],
    ['a negative number', 'file a seq -1 type i\n', 'Found a non-monotonic sequence number', 1],
    ['a path', 'file ../a seq 1 type i\n', "File can't be a path, just a filename", 1],
    ['a path of another system', 'file "..\\\\a" seq 1 type i\n', "File can't be a path, just a filename", 1],
    ['a last line without an end', BASE + INCREMENT.trimEnd(), LONG, null],
    ['a line of 1025 bytes', `${'file a seq 1 type b '.padEnd(1024)}\n`, LONG, null],
    ['a zero byte', 'file a seq 1 type b\0\n', LONG, null],
  ])('refuses %s', (_name, text, reason, line) => {
    const error = refusal(text);
    expect(error.reason).toBe(reason);
    expect(error.line?.number ?? null).toBe(line);
  });

  test('takes a line of 1024 bytes, and counts what is beyond as another line', () => {
    expect(parseManifest(`${'file a seq 1 type b '.padEnd(1023)}\n`).base?.name).toBe('a');
    expect(refusal(`#${' '.repeat(1024)}x\n${BASE}`).line).toEqual({ number: 2, text: 'x' });
  });

  test('shows the line without the blanks around it', () => {
    expect(refusal(` file  a b \n`).line).toEqual({ number: 1, text: 'file  a b' });
  });
});

describe('changes', () => {
  test('are named by numbers that only grow, and make history', () => {
    const manifest = new Manifest();
    manifest.addBase('a', 'rdb');
    manifest.addIncrement('a');
    manifest.addIncrement('a');
    manifest.addIncrement('a');
    manifest.addBase('a', 'aof');
    manifest.retireIncrements(true);
    expect(manifest.format()).toBe(
      'file a.2.base.aof seq 2 type b\nfile a.1.incr.aof seq 1 type h\nfile a.2.incr.aof seq 2 type h\n' +
        'file a.1.base.rdb seq 1 type h\nfile a.3.incr.aof seq 3 type i\n',
    );
    manifest.forgetHistory();
    manifest.retireIncrements(false);
    expect(manifest.format()).toBe('file a.2.base.aof seq 2 type b\nfile a.3.incr.aof seq 3 type h\n');
  });

  test('of a copy leave the original alone', () => {
    const manifest = parseManifest(BASE + INCREMENT);
    const copy = manifest.copy();
    copy.addBase('a', 'rdb');
    copy.addIncrement('a');
    copy.retireIncrements(true);
    expect(manifest.format()).toBe(BASE + INCREMENT);
    expect(manifest.isChanged).toBe(false);
  });

  test.each([
    ['plain', 'plain'],
    ['with blank', '"with blank"'],
    ['"', '"\\""'],
    ['\\', '"\\\\"'],
    ['\xe4', '"\\xe4"'],
    ['\x01', '"\\x01"'],
    ['#[~]', '#[~]'],
  ])('a name is quoted where it must be: %s', (name, written) => {
    const manifest = new Manifest();
    manifest.adoptOldFile(name);
    expect(manifest.format()).toBe(`file ${written} seq 1 type b\n`);
    if (name !== '\\') expect(parseManifest(manifest.format()).base?.name).toBe(name);
  });
});
