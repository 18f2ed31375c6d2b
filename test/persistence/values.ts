// Values of every type and encoding, as the requests that make them under the key `k`. The same on every server that
// they are told to, so that payloads and digests can be compared.

export interface ValueCase {
  readonly name: string;
  /** Requests, split at blanks or as arguments (latin1). */
  readonly requests: readonly (string | readonly string[])[];
  /** The order of elements is the server's own: payloads of equal values differ. */
  readonly isUnordered?: boolean;
}

const numbers = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i));
const flat = (count: number, of: (i: number) => string[]) =>
  Array.from({ length: count }, (_, i) => of(i)).flat();

const INTEGERS = [
  '0',
  '1',
  '-1',
  '127',
  '128',
  '-128',
  '-129',
  '4095',
  '4096',
  '-4096',
  '-4097',
  '32767',
  '32768',
  '-32768',
  '-32769',
  '8388607',
  '8388608',
  '-8388608',
  '-8388609',
  '2147483647',
  '2147483648',
  '-2147483648',
  '-2147483649',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
];

export const VALUES: readonly ValueCase[] = [
  ...INTEGERS.map((text) => ({ name: `the string ${text}`, requests: [['set', 'k', text]] })),
  { name: 'an empty string', requests: [['set', 'k', '']] },
  { name: 'a string that only looks like an integer', requests: [['set', 'k', '007']] },
  { name: 'a short string', requests: [['set', 'k', 'hello']] },
  { name: 'all bytes', requests: [['set', 'k', numbers(256, (i) => String.fromCharCode(i)).join('')]] },
  { name: 'a string that compresses', requests: [['set', 'k', 'abc'.repeat(1000)]] },
  { name: 'twenty equal letters', requests: [['set', 'k', 'a'.repeat(20)]] },
  { name: 'twenty-one equal letters', requests: [['set', 'k', 'a'.repeat(21)]] },
  { name: 'a string of 16383 bytes', requests: ['set k x', 'setrange k 16382 y'] },
  { name: 'a string of 16384 bytes', requests: ['set k x', 'setrange k 16383 y'] },
  { name: 'a long string', requests: [['set', 'k', numbers(30000, (i) => String(i * 7919)).join('-')]] },
  { name: 'a string that expires', requests: ['set k v pxat 99999999999999'] },
  { name: 'a small list', requests: [['rpush', 'k', 'a', 'b', ...INTEGERS, '']] },
  { name: 'a list of one', requests: [['rpush', 'k', 'x'.repeat(100)]] },
  { name: 'a list of several nodes', requests: [['rpush', 'k', ...numbers(3000, (i) => `element ${i}`)]] },
  {
    name: 'a list with long elements',
    requests: [['rpush', 'k', 'x'.repeat(9000), 'y', 'z'.repeat(20000), '1', 'w'.repeat(5000)]],
  },
  {
    name: 'a list with plain nodes',
    requests: [
      'debug quicklist-packed-threshold 100b',
      ['rpush', 'k', 'a', 'b'.repeat(200), 'c', 'd'.repeat(100), 'e'],
      'debug quicklist-packed-threshold 0',
    ],
  },
  { name: 'an intset of 16 bits', requests: ['sadd k 1 2 3 -5 32767'] },
  { name: 'an intset of 32 bits', requests: ['sadd k 1 2 3 -5 32768'] },
  { name: 'an intset of 64 bits', requests: [['sadd', 'k', ...INTEGERS]] },
  { name: 'a packed set', requests: [['sadd', 'k', 'a', 'b', 'c', '1', '22', '', 'x'.repeat(64)]] },
  {
    name: 'a set of integers in a table',
    requests: [['sadd', 'k', ...numbers(600, String)]],
    isUnordered: true,
  },
  { name: 'a set in a table', requests: [['sadd', 'k', ...numbers(200, (i) => `m${i}`)]], isUnordered: true },
  { name: 'a set with a long member', requests: [['sadd', 'k', 'a', 'x'.repeat(65)]], isUnordered: true },
  { name: 'a packed hash', requests: [['hset', 'k', ...flat(50, (i) => [`field${i}`, `${i * 1000}`])]] },
  {
    name: 'a packed hash with odd things',
    requests: [['hset', 'k', '', 'empty', 'empty', '', '1', '-1', '\xff\x00', '\x00', 'f', 'x'.repeat(64)]],
  },
  {
    name: 'a hash in a table',
    requests: [['hset', 'k', ...flat(600, (i) => [`field${i}`, `value ${i}`])]],
    isUnordered: true,
  },
  {
    name: 'a hash with a long value',
    requests: [['hset', 'k', 'f', 'x'.repeat(65), 'g', '1']],
    isUnordered: true,
  },
  {
    name: 'a packed sorted set',
    requests: [
      [
        'zadd',
        'k',
        '1',
        'a',
        '1',
        'b',
        '-2.5',
        'c',
        'inf',
        'd',
        '-inf',
        'e',
        '1e300',
        'f',
        '0.1',
        '12',
        '-0',
        'z',
      ],
    ],
  },
  {
    name: 'a sorted set in a table',
    requests: [['zadd', 'k', ...flat(300, (i) => [String((i * 7919) % 997), `member${i}`])]],
  },
  {
    name: 'a sorted set with odd scores in a table',
    requests: [
      [
        'zadd',
        'k',
        '1',
        'x'.repeat(65),
        'inf',
        'a',
        '-inf',
        'b',
        '-0',
        'z',
        '1e17',
        'c',
        '3.14159',
        'd',
        '1e-310',
        'e',
      ],
    ],
  },
  { name: 'a stream', requests: [...numbers(10, (i) => `xadd k ${i + 1}-1 field value${i} other ${i}`)] },
  {
    name: 'a stream of several nodes with holes',
    requests: [
      ...numbers(250, (i) => `xadd k ${i + 1}-${i} ${i % 3 ? `f ${i}` : 'g x h y'}`),
      'xdel k 1-0 100-99 250-249',
    ],
  },
  {
    name: 'a stream whose entries are gone',
    requests: ['xadd k 5-5 a b', 'xadd k 6-6 a b', 'xdel k 5-5 6-6'],
  },
  {
    name: 'a stream with the largest ID',
    requests: ['xadd k 18446744073709551615-18446744073709551615 a b'],
  },
  {
    name: 'a stream with groups',
    requests: [
      ...numbers(20, (i) => `xadd k ${i + 1}-0 f ${i}`),
      'xgroup create k g1 0',
      'xgroup create k g2 $',
      'xgroup create k g3 5-0 entriesread 5',
      'xreadgroup group g1 alice count 5 streams k >',
      'xreadgroup group g1 bob count 3 streams k >',
      'xgroup createconsumer k g1 carol',
      'xack k g1 2-0',
      'xclaim k g1 bob 0 3-0 time 1700000000000 retrycount 7',
      'xgroup setid k g2 4-0',
      'xsetid k 30-0 entriesadded 100 maxdeletedid 25-0',
    ],
  },
  { name: 'a group of a stream without entries', requests: ['xgroup create k g $ mkstream'] },
];
