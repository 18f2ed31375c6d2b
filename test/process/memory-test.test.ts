import { expect, test } from 'vitest';
import { testMemory } from '../../src/process/memory-test.ts';

const MIB = 1024 * 1024;

function run(words: readonly string[], passes = 1, onPrint: (text: string) => void = () => {}) {
  let printed = '';
  let errors = '';
  const code = testMemory(
    words,
    {
      print: (text) => {
        printed += text;
        onPrint(text);
      },
      printError: (text) => (errors += text),
      totalBytes: 64 * MIB,
    },
    passes,
  );
  return { code, printed, errors };
}

/** The titles of a run, with how far the bar below each went and of which letters. */
function bars(printed: string): string[] {
  const matches = printed.matchAll(/\x1b\[2K([A-Z][a-z ]+\[\d+\])\n([ARSC=]*)\x1b/g);
  return [...matches].map(([, title, bar]) => `${title} ${bar![0] ?? ''}${bar!.length}`);
}

// What redis-server 7.2.4 --test-memory 2 prints where there is no terminal.
const COMPARE = Array.from({ length: 4 }, () => 'Compare [1] =680');
const TWO_MEGABYTES = [
  'Addressing test [1] A1190',
  'Random fill [1] R1357',
  ...COMPARE,
  'Solid fill [1] S1357',
  ...COMPARE,
  'Checkerboard fill [1] C1357',
  ...COMPARE,
];

test('sound memory passes, and a bar shows how far it is', () => {
  const { code, printed, errors } = run(['2']);
  expect([code, errors]).toEqual([0, '']);
  expect(bars(printed)).toEqual(TWO_MEGABYTES);
  expect(printed.startsWith(`\x1b[H\x1b[2J${'.'.repeat(80 * 18)}Please keep the test running`)).toBe(true);
  expect(printed.endsWith('2) memtester: http://pyropus.ca/software/memtester/\n')).toBe(true);
});

test('no megabytes are soon tested, fifty times', () => {
  const { code, printed } = run(['many'], 50);
  expect(code).toBe(0);
  expect(bars(printed)).toHaveLength(50 * TWO_MEGABYTES.length);
});

test.each([[[]], [['1', '2']]])('%j is no amount', (words) => {
  const { code, printed, errors } = run(words);
  expect([code, printed]).toEqual([1, '']);
  expect(errors).toBe(
    'Please specify the amount of memory to test in megabytes.\nExample: ./redis-server --test-memory 4096\n\n',
  );
});

test.each([
  ['-1', '18446744073709551615'],
  ['100', '100'],
])('%s megabytes are not to be had', (words, shown) => {
  const { code, errors } = run([words]);
  expect([code, errors]).toEqual([1, `Unable to allocate ${shown} megabytes: Cannot allocate memory`]);
});

// Memory that fails is played by a buffer that somebody else writes to.
test.each([
  ['Addressing test', /\*\*\* MEMORY ADDRESSING ERROR: 0x50 contains 42\n$/],
  ['Compare', /\*\*\* MEMORY ERROR DETECTED: 0x50 != 0x80050 \(42 vs \d+\)\n$/],
])('what a cell has lost is found: %s', (title, message) => {
  const { allocUnsafeSlow } = Buffer;
  let memory: Int32Array | null = null;
  Buffer.allocUnsafeSlow = (bytes) => {
    const buffer = allocUnsafeSlow(bytes);
    memory = new Int32Array(buffer.buffer);
    return buffer;
  };
  let isNow = false;
  try {
    const { code, printed } = run(['1'], 1, (text) => {
      if (text.includes(title)) isNow = true;
      // The first pass over the memory is over by now, or there is none that writes.
      if (isNow && (title === 'Compare' || text.startsWith('A'))) memory!.set([42, 0], 20);
    });
    expect(code).toBe(1);
    expect(printed).toMatch(message);
  } finally {
    Buffer.allocUnsafeSlow = allocUnsafeSlow;
  }
});
