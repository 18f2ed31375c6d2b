// Stories of a server with append-only files, and what every power cut in them leaves. Under `appendfsync always` whatever was
// acknowledged until then must be found by the next start; under `everysec` the last may be lost, but nothing before it.

import { type DiskImage, imageOf, type Loss } from '../support/disk-journal.ts';
import type { TestClient } from '../support/test-client.ts';
import { DiskServer, FOLDER } from './disk-server.ts';
import { Writer } from './writer.ts';

const SEED = 11;

export const ALWAYS = { appendonly: 'yes', appendfsync: 'always', 'auto-aof-rewrite-percentage': '0' };

export interface Story {
  readonly name: string;
  readonly directives: Readonly<Record<string, string>>;
  /** What is on the disk before, made by an earlier server. */
  readonly before?: (writer: Writer) => Promise<DiskImage>;
  readonly tell: (server: DiskServer, client: TestClient, writer: Writer) => Promise<void>;
  /** With which directives it starts again, where that is not the same. */
  readonly restart?: Readonly<Record<string, string>>;
  /** What was promised: all that was acknowledged, or so from the first rewrite on; or that it begins as it was told. */
  readonly promise?: 'all' | 'late' | 'beginning';
}

async function append(client: TestClient, writer: Writer, batches = 3): Promise<void> {
  for (let i = 0; i < batches; i++) await writer.send(client, 1 + i);
}

async function rewrite(server: DiskServer, client: TestClient, writer: Writer): Promise<void> {
  await client.value('BGREWRITEAOF');
  await append(client, writer, 2);
  await server.until(client, 'aof_rewrite_in_progress:0', 'aof_last_bgrewrite_status:ok');
}

async function rewrites(server: DiskServer, client: TestClient, writer: Writer): Promise<void> {
  await append(client, writer);
  for (let i = 0; i < 2; i++) {
    await rewrite(server, client, writer);
    await append(client, writer, 2);
    // What is removed is removed in the background.
    await server.runtime.advance(500);
  }
}

// The files of a server that was ended after some appending, changed by `change`.
async function filesOfEarlier(
  writer: Writer,
  directives: Readonly<Record<string, string>>,
  change: (files: Map<string, Buffer>) => void = () => {},
): Promise<DiskImage> {
  const server = await DiskServer.over(imageOf(FOLDER), directives);
  await append(server.connect(), writer);
  const { files, folders } = server.files();
  server.leave();
  const changed = new Map(files);
  change(changed);
  return { files: changed, folders };
}

const INCREMENT = `${FOLDER}/appendonlydir/appendonly.aof.1.incr.aof`;

const STORIES: readonly Story[] = [
  { name: 'rewrites with the RDB preamble', directives: ALWAYS, tell: rewrites },
  {
    name: 'rewrites as commands',
    directives: { ...ALWAYS, 'aof-use-rdb-preamble': 'no' },
    tell: rewrites,
  },
  {
    name: 'a start over existing files',
    directives: ALWAYS,
    before: (writer) => filesOfEarlier(writer, ALWAYS),
    tell: rewrites,
  },
  {
    name: 'a start over a torn end',
    directives: ALWAYS,
    before: (writer) =>
      filesOfEarlier(writer, ALWAYS, (files) => {
        files.set(INCREMENT, Buffer.concat([files.get(INCREMENT)!, Buffer.from('*3\r\n$3\r\nSET\r\n$1')]));
      }),
    tell: (_server, client, writer) => append(client, writer),
  },
  {
    // Redis leaves the MULTI, and loses at the second start what came behind it.
    name: 'a start over a torn transaction',
    directives: ALWAYS,
    before: (writer) =>
      filesOfEarlier(writer, ALWAYS, (files) => {
        const torn = '*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1';
        files.set(INCREMENT, Buffer.concat([files.get(INCREMENT)!, Buffer.from(torn)]));
      }),
    tell: (_server, client, writer) => append(client, writer),
  },
  {
    name: 'a start over the single file of an older version',
    directives: ALWAYS,
    before: async (writer) => {
      const { files } = await filesOfEarlier(writer, ALWAYS);
      return imageOf(FOLDER, { 'appendonly.aof': files.get(INCREMENT)! });
    },
    tell: rewrites,
  },
  {
    name: 'switched on while running',
    directives: { ...ALWAYS, appendonly: 'no' },
    restart: ALWAYS,
    promise: 'late',
    tell: async (server, client, writer) => {
      await append(client, writer);
      await client.value('CONFIG', 'SET', 'appendonly', 'yes');
      await append(client, writer, 2);
      await server.until(client, 'aof_rewrite_in_progress:0', 'aof_last_bgrewrite_status:ok');
      await append(client, writer);
    },
  },
];

const BEGINNINGS: readonly Story[] = STORIES.filter(({ name }) => /^rewrites|existing files/.test(name)).map(
  (story) => ({
    ...story,
    name: `${story.name}, everysec`,
    directives: { ...story.directives, appendfsync: 'everysec' },
    promise: 'beginning',
  }),
);
export const ALL_STORIES: readonly Story[] = [...STORIES, ...BEGINNINGS];

export interface PowerLossReport {
  readonly operations: number;
  readonly restarts: number;
}

/** Tells a story and cuts the power after every operation of it, with each loss that `lossesAt` gives. */
export async function cutPowerEverywhere(
  story: Story,
  lossesAt: (operation: number) => readonly Loss[],
): Promise<PowerLossReport> {
  const writer = new Writer('w', SEED);
  const image = await (story.before?.(writer) ?? imageOf(FOLDER));
  const before = writer.acknowledged;
  const server = await DiskServer.over(image, story.directives);
  const { disk } = server;
  // After which operation each further step was acknowledged.
  const acknowledgedAt: number[] = [];
  writer.onAcknowledged = () => acknowledgedAt.push(disk.count);
  const client = server.connect();
  await story.tell(server, client, writer);
  const operations = disk.count;
  if (writer.acknowledged !== writer.sent) throw new Error('the story has not ended well');
  server.leave();

  let restarts = 0;
  // Before the first rewrite is done, nobody was promised anything.
  const promisedFrom = story.promise === 'late' ? promiseOf(server, operations) : 0;
  for (let n = 0; n <= operations; n++) {
    const heard = acknowledgedAt.filter((operation) => operation <= n).length;
    const atLeast = n < promisedFrom || story.promise === 'beginning' ? 0 : before + heard;
    for (const loss of lossesAt(n)) {
      restarts++;
      const again = await restart(story, disk.journal.imageAfter(n, loss)).catch((error: Error) => error);
      const operation = disk.operations[n - 1];
      const context = `${story.name}: power cut after operation ${n} of ${operations} (${operation?.kind} ${operation?.path}), ${loss}`;
      if (again instanceof Error) throw new Error(`${context}: ${again.message}`);
      try {
        await writer.find(again.connect(), atLeast);
      } catch (error) {
        throw new Error(`${context}: ${(error as Error).message}`);
      }
      again.leave();
    }
  }
  return { operations, restarts };
}

function restart(story: Story, image: DiskImage): Promise<DiskServer> {
  return DiskServer.over(image, story.restart ?? story.directives);
}

// The operation from which on the files hold everything: the manifest is in place.
function promiseOf({ disk }: DiskServer, operations: number): number {
  const renamed = disk.operations.findLast(
    ({ kind, path }) => kind === 'rename' && path.endsWith('.manifest'),
  );
  // The folder is forced to the disk right after.
  return renamed === undefined ? operations : renamed.number + 1;
}
