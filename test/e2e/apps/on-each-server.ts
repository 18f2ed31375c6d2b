// What programs in the wild do with the server, told to ours and, where there is one, to the real one: a test that fails on
// both is wrong itself.

import { afterAll, beforeAll, describe } from 'vitest';
import { OurProcess } from '../../support/our-process.ts';
import { findReference, ReferenceServer } from '../../support/reference.ts';

interface AppServer {
  readonly port: number;
  stop(): Promise<void>;
}

const reference = findReference();
const SERVERS: readonly (readonly [name: string, start: () => Promise<AppServer>])[] = [
  ['ours', () => OurProcess.start()],
  ...(reference === null
    ? []
    : [[`Redis ${reference.version}`, () => ReferenceServer.start(reference)] as const]),
];

/** Declares a suite for each server; `port` is to be asked when its tests run. */
export function onEachServer(name: string, suite: (port: () => number) => void): void {
  describe.each(SERVERS)(`${name} on %s`, (_name, start) => {
    let server: AppServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());
    suite(() => server.port);
  });
}
