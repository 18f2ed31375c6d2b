// The kept inputs: those that once were answered wrongly, and a few for each kind of answer. One JSON string a line, so
// that a diff shows what was added.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, 'corpus/frames.txt');

/** The inputs, latin1. */
export function readCorpus(): string[] {
  return readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string);
}

/** Replaces the kept inputs. */
export function writeCorpus(inputs: readonly string[]): void {
  const lines = inputs.map((input) =>
    JSON.stringify(input).replace(/[\x7f-\xff]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`),
  );
  writeFileSync(FILE, `${lines.join('\n')}\n`);
}

/** What kind of answer an output is: the same for inputs that take the same way through the parser. */
export function kindOfAnswer(output: string, closed: boolean): string {
  const errors = [...output.matchAll(/^-(ERR Protocol error: [^'\r]*|\S+ [a-z ]*)/gm)].map(
    (match) => match[1],
  );
  const shape = output === '' ? 'silence' : output[0];
  return `${closed} ${shape} ${[...new Set(errors)].sort().join('; ')}`;
}
