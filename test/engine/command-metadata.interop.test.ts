// The golden facts of commands are what a real 7.2.4 says. RESPITE_UPDATE_GOLDEN=1 writes them anew.

import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { factsOf, goldenFacts, goldenFiles } from '../support/command-facts.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';

const reference = findReference();

test.skipIf(reference?.version !== '7.2.4')('the golden facts are those of the reference', async () => {
  const server = await ReferenceServer.start(reference!);
  try {
    const client = await server.connect();
    await client.call('HELLO 3');
    const facts = factsOf((await client.call('COMMAND')).reply, (await client.call('COMMAND DOCS')).reply);
    if (process.env.RESPITE_UPDATE_GOLDEN === '1') {
      for (const [path, text] of goldenFiles(facts)) writeFileSync(path, text);
    }
    expect(Object.fromEntries(goldenFacts())).toEqual(Object.fromEntries(facts));
  } finally {
    await server.stop();
  }
});
