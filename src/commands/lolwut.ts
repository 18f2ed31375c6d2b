// LOLWUT: a drawing, another at each call, and the version. Redis 7.2 draws only for those who ask for the drawing of an
// older version; the drawings here are this project's own: hills at night for version 5, a sea with a boat for version 6.

import type { RandomSource } from '../base/runtime.ts';
import { REDIS_VERSION } from '../base/version.ts';
import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';

export const lolwut = command({
  name: 'lolwut',
  since: '5.0.0',
  group: 'server',
  complexity: '',
  summary: 'Draws something and tells the version.',
  arity: -1,
  flags: ['readonly', 'fast'],
  args: [arg.integer('version', { token: 'VERSION', optional: true })],
  run: ({ args, reply, server }: CommandContext) => {
    const asksForVersion = args.count >= 3 && args.is(1, 'version');
    const version = asksForVersion ? args.int(2) : 7;
    const first = asksForVersion ? 3 : 1;
    const { random } = server.runtime;
    const lines = version === 5 ? hills(args, first, random) : version === 6 ? sea(args, first, random) : [];
    reply.verbatim([...lines, `Redis ver. ${REDIS_VERSION}\n`].join('\n'), 'txt');
  },
});

function size(args: Arguments, i: number, standard: number, max: number): number {
  return i < args.count ? Math.min(max, Math.max(1, args.int(i))) : standard;
}

const SHADES = ' .:-=+*#%@';

// Ranges of hills, one in front of the other: the nearer, the lower and the darker.
function hills(args: Arguments, first: number, random: RandomSource): string[] {
  const columns = size(args, first, 66, 1000);
  const ranges = size(args, first + 1, 4, 200);
  const rows = size(args, first + 2, 12, 200);
  const picture = Array.from({ length: rows }, () =>
    Array.from({ length: columns }, (): string => (random.below(40) === 0 ? '.' : ' ')),
  );
  for (let range = 0; range < ranges; range++) {
    const shade = SHADES[1 + Math.floor((range * (SHADES.length - 1)) / ranges)]!;
    let height = (rows * (ranges - range)) / (ranges + 1);
    for (let x = 0; x < columns; x++) {
      height = Math.min(rows, Math.max(0, height + random.below(3) - 1));
      for (let y = Math.ceil(rows - height); y < rows; y++) picture[y]![x] = shade;
    }
  }
  return picture.map((row) => row.join('').trimEnd());
}

const BOAT = ['  |\\', '__|_\\__', '\\_____/'];

// Waves that grow towards the beholder, and a boat at the horizon.
function sea(args: Arguments, first: number, random: RandomSource): string[] {
  const columns = size(args, first, 80, 1000);
  const rows = size(args, first + 1, 20, 1000);
  const lines: string[] = [];
  const boatAt = random.below(Math.max(1, columns - 8));
  for (const part of BOAT) lines.push(`${' '.repeat(boatAt)}${part}`.slice(0, columns));
  for (let y = 0; y < rows; y++) {
    const length = 2 + y / 2;
    const phase = random.below(628) / 100;
    let line = '';
    for (let x = 0; x < columns; x++) {
      const swell = Math.sin((x * 2 * Math.PI) / length + phase);
      line += swell > 0.6 ? '^' : swell > -0.2 ? '~' : ' ';
    }
    lines.push(line.trimEnd());
  }
  return lines;
}
