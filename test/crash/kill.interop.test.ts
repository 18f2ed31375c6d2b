// kill -9 under load, at random moments and right before things that the server does to the disk: nothing that was
// acknowledged is missing after the restart. A few rounds here; CRASH_ROUNDS=200 for the long run, CRASH_SEED to go
// through one again, CRASH_STEP=1 for every operation.

import { expect, test } from 'vitest';
import { killAtOperations } from './kill-at-operation.ts';
import { type KillOptions, killRounds } from './kill-rounds.ts';

const rounds = Number(process.env.CRASH_ROUNDS ?? 4);
const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9));
const step = Number(process.env.CRASH_STEP ?? 13);
const FILL = 10_000;

const always = { appendonly: 'yes', appendfsync: 'always' };
// What is in the page cache survives the end of the process.
const everysec = { appendonly: 'yes', appendfsync: 'everysec' };

const STORIES: readonly (readonly [string, Omit<KillOptions, 'rounds' | 'seed'>])[] = [
  ['appendfsync always', { directives: always, keeps: 'acknowledged', command: null, fill: 0 }],
  ['appendfsync everysec', { directives: everysec, keeps: 'acknowledged', command: null, fill: 0 }],
  ['always, during BGSAVE', { directives: always, keeps: 'acknowledged', command: 'BGSAVE', fill: FILL }],
  [
    'always, during a rewrite',
    { directives: always, keeps: 'acknowledged', command: 'BGREWRITEAOF', fill: FILL },
  ],
  [
    'everysec, during a rewrite without the RDB preamble',
    {
      directives: { ...everysec, 'aof-use-rdb-preamble': 'no' },
      keeps: 'acknowledged',
      command: 'BGREWRITEAOF',
      fill: FILL,
    },
  ],
  ['RDB alone, during BGSAVE', { directives: {}, keeps: 'saved', command: 'BGSAVE', fill: FILL }],
];

test.each(STORIES)(
  'kill -9: %s',
  async (name, story) => {
    const report = await killRounds({ ...story, rounds, seed });
    console.info(`${name} (seed ${seed}): ${JSON.stringify(report)}`);
    expect(report.acknowledged).toBeGreaterThan(0);
  },
  60_000 + rounds * 5000,
);

test.each([
  ['a rewrite', 'BGREWRITEAOF', always],
  ['a rewrite without the RDB preamble', 'BGREWRITEAOF', { ...always, 'aof-use-rdb-preamble': 'no' }],
  ['a save', 'BGSAVE', always],
] as const)(
  'killed before operations of %s',
  async (name, command, directives) => {
    const report = await killAtOperations(directives, command, step);
    console.info(`${name}: ${JSON.stringify(report, null, 1)}`);
    expect(report.kills).toBeGreaterThan(1);
  },
  600_000,
);

test('what checks this notices a loss', async () => {
  const story = { directives: {}, keeps: 'acknowledged', command: null, fill: 0 } as const;
  await expect(killRounds({ ...story, rounds: 1, seed })).rejects.toThrow('no state of');
});
