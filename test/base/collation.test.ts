// The order of texts by language, and where SORT uses it.

import { describe, expect, onTestFinished, test } from 'vitest';
import { collationOf, environmentLocale } from '../../src/base/collation.ts';
import { TestServer } from '../support/test-server.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('locales', () => {
  test.each(['', 'C', 'POSIX', 'C.UTF-8', 'C.utf8', 'not a locale'])('%j is the order of bytes', (name) => {
    expect(collationOf(name)).toBe(null);
  });

  test.each(['de_DE', 'de_DE.UTF-8', 'de', 'de_DE@euro'])('%s is the order of a language', (name) => {
    const compare = collationOf(name)!;
    const words = ['zebra', 'Äpfel', 'apfel', 'Zebra', 'Apfel'].map(bytes);
    expect(words.sort(compare)).toEqual(['apfel', 'Apfel', 'Äpfel', 'zebra', 'Zebra'].map(bytes));
  });

  test('only equal texts are equal, whatever bytes they are made of', () => {
    const compare = collationOf('en_US.UTF-8')!;
    expect(compare('a', 'a')).toBe(0);
    expect(compare('\xff', '\xfe')).not.toBe(0);
    // One letter, written in two ways.
    expect(compare(bytes('\u00e9'), bytes('e\u0301'))).not.toBe(0);
  });

  test('the environment: LC_ALL, then LC_COLLATE, then LANG', () => {
    const of = (variables: Record<string, string>) => environmentLocale((name) => variables[name] ?? '');
    expect(of({ LC_ALL: 'a', LC_COLLATE: 'b', LANG: 'c' })).toBe('a');
    expect(of({ LC_COLLATE: 'b', LANG: 'c' })).toBe('b');
    expect(of({ LANG: 'c' })).toBe('c');
    expect(of({})).toBe('');
  });
});

test('SORT with ALPHA follows it, unless it stores; an embedded server does not follow the environment', async () => {
  const server = await TestServer.start();
  onTestFinished(() => server.close());
  server.virtual.system.variables.LANG = 'de_DE.UTF-8';
  const client = server.connect();
  const words = (list: string) => list.split(' ').map(bytes);
  await client.call(['RPUSH', 'l', ...words('zebra Äpfel apfel Zebra')]);
  const byBytes = words('Zebra apfel zebra Äpfel');
  const byLanguage = words('apfel Äpfel zebra Zebra');
  expect(await client.value('SORT', 'l', 'ALPHA')).toEqual(byBytes);
  expect(await client.value('CONFIG', 'SET', 'locale-collate', 'de_DE.UTF-8')).toBe('OK');
  expect(await client.value('SORT', 'l', 'ALPHA')).toEqual(byLanguage);
  expect(await client.value('SORT', 'l', 'ALPHA', 'DESC')).toEqual(byLanguage.toReversed());
  expect(await client.value('SORT', 'l', 'BY', '#', 'ALPHA')).toEqual(words('zebra Äpfel apfel Zebra'));
  await client.call(['SORT', 'l', 'ALPHA', 'STORE', 'm']);
  expect(await client.value('LRANGE', 'm', '0', '-1')).toEqual(byBytes);
  expect(await client.value('CONFIG', 'SET', 'locale-collate', 'C')).toBe('OK');
  expect(await client.value('SORT', 'l', 'ALPHA')).toEqual(byBytes);
});
