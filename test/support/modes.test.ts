// The modes themselves: a wrong reply is noticed in each of them, and a right one is not.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { CommandCase } from './case.ts';
import { error, nullArray, OK, simple } from './expected.ts';
import { MODES, tellStory, WrongReply } from './modes.ts';
import { TestServer } from './test-server.ts';

async function tell(story: CommandCase, modeName: string): Promise<(string | null)[]> {
  const server = await TestServer.start();
  onTestFinished(() => server.close());
  const mode = MODES.find(({ name }) => name === modeName)!;
  return tellStory(story, mode, server.connect(), (ms) => server.advance(ms));
}

const right: CommandCase = {
  name: 'a story that is true',
  steps: [
    ['SET k v PX 10', OK],
    ['GET k', 'v'],
    [['SET', 'large', 'x'.repeat(5000)], OK],
    ['STRLEN large', 5000],
    { waitMs: 20 },
    ['GET k', null],
    ['GET', error("ERR wrong number of arguments for 'get' command")],
    ['NOSUCH', error("ERR unknown command 'NOSUCH', with args beginning with: ")],
    ['INCR large', error('ERR value is not an integer or out of range')],
  ],
};

describe.each(MODES.map(({ name }) => name))('%s', (mode) => {
  test('takes what is right', async () => {
    const raws = await tell(right, mode);
    expect(raws.length).toBe(right.steps.length);
    expect(raws[4]).toBe(null);
  });

  test.each([
    [
      'another value',
      [
        ['SET k v', OK],
        ['GET k', 'w'],
      ],
    ],
    [
      'another type',
      [
        ['SET k v', OK],
        ['GET k', simple('v')],
      ],
    ],
    ['no error', [['SET k v', error('ERR syntax error')]]],
    ['another error', [['GET', error('ERR syntax error')]]],
    [
      'another null',
      [
        ['SET k v', OK],
        // In RESP3 and in scripts there is one null.
        ['GET nothing', mode === 'resp3' || mode === 'script' ? 'v' : nullArray],
      ],
    ],
  ] as [string, CommandCase['steps']][])('refuses %s', async (name, steps) => {
    await expect(tell({ name, steps }, mode)).rejects.toThrow(WrongReply);
  });
});

test('stories about transactions are not told within one', () => {
  const multi = MODES.find(({ name }) => name === 'multi')!;
  expect(multi.takes(right)).toBe(true);
  expect(multi.takes({ name: 'watching', steps: [['watch k', OK]] })).toBe(false);
  expect(
    multi.takes({ name: 'excluded', steps: [['PING', simple('PONG')]], not: { multi: 'a reason' } }),
  ).toBe(false);
});
