// The tables about connections, transactions and the server itself: all that no other suite of tables takes.

import { expect, test } from 'vitest';
import { isOfCollections, isOfStrings, readTables } from '../support/tables.ts';
import { tellTables } from '../support/tell-tables.ts';

const tables = await readTables();

test('every table has stories, and every story a name of its own', () => {
  for (const { name, cases } of tables) {
    expect(cases.length, name).toBeGreaterThan(0);
    expect(new Set(cases.map((story) => story.name)).size, name).toBe(cases.length);
  }
});

tellTables(tables.filter((table) => !isOfStrings(table) && !isOfCollections(table)));
