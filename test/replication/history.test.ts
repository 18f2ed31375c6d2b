// IDs and offsets: what may be continued by whom.

import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { NO_ID, ReplicationHistory } from '../../src/replication/history.ts';

const history = () => new ReplicationHistory(new SeededRandom(Buffer.from('history')));

test('an ID has 40 hexadecimal digits, and there is no second one', () => {
  const { id, offset, secondId, secondOffset } = history();
  expect(id).toMatch(/^[0-9a-f]{40}$/);
  expect([offset, secondId, secondOffset]).toEqual([0, NO_ID, -1]);
});

test('after a promotion the old ID is valid up to where it was left', () => {
  const mine = history();
  const old = mine.id;
  mine.offset = 100;
  mine.shift();
  mine.offset = 200;
  expect([mine.secondId, mine.secondOffset]).toEqual([old, 101]);
  expect(mine.continues(old.toUpperCase(), 101)).toBe(true);
  expect(mine.continues(old, 102)).toBe(false);
  expect(mine.continues(mine.id, 201)).toBe(true);
  expect(mine.continues(NO_ID, 1)).toBe(false);
});

test('a new ID ends all that was', () => {
  const mine = history();
  mine.shift();
  const { id, secondId } = mine;
  mine.newId();
  expect(mine.continues(id, 0)).toBe(false);
  expect(mine.continues(secondId, 0)).toBe(false);
});

test('a replica has the history of its master, and goes on under its new ID', () => {
  const mine = history();
  mine.adopt('a'.repeat(40), 500);
  expect([mine.id, mine.offset, mine.secondId]).toEqual(['a'.repeat(40), 500, NO_ID]);
  mine.rename('b'.repeat(40));
  expect([mine.id, mine.secondId, mine.secondOffset]).toEqual(['b'.repeat(40), 'a'.repeat(40), 501]);
});

test('what a file said is the second ID of a master that starts with it', () => {
  const mine = history();
  const { id } = mine;
  mine.offset = 22;
  mine.continueFrom('c'.repeat(40), 1000);
  expect([mine.id, mine.offset]).toEqual([id, 1022]);
  expect([mine.secondId, mine.secondOffset]).toEqual(['c'.repeat(40), 1001]);
});
