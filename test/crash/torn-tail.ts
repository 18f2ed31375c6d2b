// Append-only files whose end is missing or damaged, and what a start makes of them. What must come of it is worked out
// here from the units in the file (a command, or a whole MULTI), apart from the server's own reader.

import type { SeededRandom } from '../../src/base/runtime.ts';
import { type DiskImage, imageOf } from '../support/disk-journal.ts';
import { readFrame } from '../support/resp.ts';
import { DiskServer, FOLDER, ServerEnded } from './disk-server.ts';
import { Writer } from './writer.ts';

const SEED = 5;
const APPEND_FOLDER = 'appendonlydir';
const MANIFEST = `${APPEND_FOLDER}/appendonly.aof.manifest`;
const BASE = `${APPEND_FOLDER}/appendonly.aof.1.base.rdb`;
const INCREMENT = `${APPEND_FOLDER}/appendonly.aof.1.incr.aof`;
const OLD_FILE = 'appendonly.aof';

export interface AppendFile {
  readonly name: string;
  /** The name of the file that is torn, and all its bytes. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Where the RDB data that it begins with end; 0 when there are none. */
  readonly preambleEnd: number;
  /** Where each unit ends, the preamble's end first. */
  readonly unitEnds: readonly number[];
  /** A disk with the file, changed. */
  diskWith(bytes: Buffer): DiskImage;
}

/** The files to tear: several kilobytes of commands of all kinds, with MULTIs, alone and behind RDB data. */
export async function makeAppendFiles(batches: number): Promise<AppendFile[]> {
  const writer = new Writer('w', SEED);
  const directives = { appendonly: 'yes', appendfsync: 'no' };
  const server = await DiskServer.over(imageOf(FOLDER), directives);
  const client = server.connect();
  for (let i = 0; i < batches; i++) await writer.send(client, 4);
  const { files } = server.files();
  server.leave();
  const read = (name: string) => files.get(`${FOLDER}/${name}`)!;
  const commands = read(INCREMENT);
  const preamble = read(BASE);
  const both = Buffer.concat([preamble, commands]);
  return [
    {
      name: 'commands',
      path: INCREMENT,
      bytes: commands,
      preambleEnd: 0,
      unitEnds: unitEnds(commands, 0),
      diskWith: (bytes) =>
        imageOf(FOLDER, {
          [MANIFEST]: 'file appendonly.aof.1.incr.aof seq 1 type i\n',
          [INCREMENT]: bytes,
        }),
    },
    {
      // The only way to have both in one file: one of the time before manifests, which is moved when it is loaded.
      name: 'commands behind RDB data',
      path: `${APPEND_FOLDER}/${OLD_FILE}`,
      bytes: both,
      preambleEnd: preamble.length,
      unitEnds: unitEnds(both, preamble.length),
      diskWith: (bytes) => imageOf(FOLDER, { [OLD_FILE]: bytes }),
    },
  ];
}

function unitEnds(bytes: Buffer, start: number): number[] {
  const text = bytes.toString('latin1');
  const ends = [start];
  let isInTransaction = false;
  for (let at = start; at < text.length; ) {
    const { frame, end } = readFrame(text, 2, at)!;
    at = end;
    if (frame.raw.startsWith('*1\r\n$5\r\nMULTI')) isInTransaction = true;
    else if (frame.raw.startsWith('*1\r\n$4\r\nEXEC')) isInTransaction = false;
    if (!isInTransaction) ends.push(at);
  }
  return ends;
}

/** What a start made of a file: the digest of the data and the size that the file has then, or that it refused. */
export type Outcome = { readonly digest: string; readonly size: number; readonly log: string } | ServerEnded;

export async function startOver(
  image: DiskImage,
  path: string,
  loadTruncated: 'yes' | 'no',
): Promise<Outcome> {
  try {
    const server = await DiskServer.over(image, {
      appendonly: 'yes',
      appendfsync: 'no',
      'aof-load-truncated': loadTruncated,
      'enable-debug-command': 'yes',
    });
    const digest = String(await server.connect().value('DEBUG', 'DIGEST'));
    const size = server.files().files.get(`${FOLDER}/${path}`)?.length ?? -1;
    server.leave();
    return { digest, size, log: server.log };
  } catch (error) {
    if (error instanceof ServerEnded) return error;
    throw error;
  }
}

/** Cuts a file at each of these places, with `aof-load-truncated` on and off. Throws where what comes of it is wrong. */
export async function cutAt(file: AppendFile, places: readonly number[]): Promise<void> {
  const digests = new Map<number, string>();
  const digestAt = async (end: number): Promise<string> => {
    const known = digests.get(end);
    if (known !== undefined) return known;
    const outcome = await startOver(file.diskWith(file.bytes.subarray(0, end)), file.path, 'no');
    if (outcome instanceof Error) throw new Error(`whole units up to ${end}: ${outcome.message}`);
    digests.set(end, outcome.digest);
    return outcome.digest;
  };
  for (const place of places) {
    const disk = file.diskWith(file.bytes.subarray(0, place));
    const context = `${file.name} of ${file.bytes.length} bytes cut at ${place}`;
    const end = file.unitEnds.findLast((one) => one <= place);
    const isWhole = end === place;
    for (const loadTruncated of ['yes', 'no'] as const) {
      const outcome = await startOver(disk, file.path, loadTruncated);
      // Of RDB data nothing may be missing. An empty file is as good as none.
      const isRefused = end === undefined ? place > 0 : !isWhole && loadTruncated === 'no';
      if (isRefused) {
        if (outcome instanceof Error) continue;
        throw new Error(`${context}, aof-load-truncated ${loadTruncated}: it was loaded`);
      }
      if (outcome instanceof Error) throw new Error(`${context}: ${outcome.message}`);
      if (end === undefined) continue;
      if (outcome.digest !== (await digestAt(end))) throw new Error(`${context}: other data than of ${end}`);
      if (outcome.size !== end) throw new Error(`${context}: the file has ${outcome.size} bytes, not ${end}`);
      if (!isWhole && !outcome.log.includes('loaded anyway because aof-load-truncated is enabled')) {
        throw new Error(`${context}: the log does not say so`);
      }
    }
  }
}

/** Flips a bit at each of these places, which must make the file unreadable. Throws where it is loaded. */
export async function flipAt(file: AppendFile, places: readonly number[]): Promise<void> {
  for (const place of places) {
    const bytes = Buffer.from(file.bytes);
    bytes[place]! ^= 4;
    const outcome = await startOver(file.diskWith(bytes), file.path, 'yes');
    if (!(outcome instanceof Error))
      throw new Error(`${file.name}: a bit at ${place} has changed, and nobody minds`);
  }
}

/** Where the frames of the last units begin with `*` and their arguments with `$`. */
export function markerPlaces(file: AppendFile, units: number): number[] {
  const from = file.unitEnds.at(-1 - units) ?? file.preambleEnd;
  const text = file.bytes.toString('latin1');
  const places: number[] = [];
  for (let at = from; at < text.length; ) {
    const { frame, end } = readFrame(text, 2, at)!;
    places.push(at);
    let next = text.indexOf('\r\n', at) + 2;
    if (frame.reply.type !== 'array') throw new Error('a command is an array');
    for (const item of frame.reply.items) {
      places.push(next);
      if (item.type !== 'bulk') throw new Error('an argument is a bulk string');
      next += `$${item.text.length}\r\n${item.text}\r\n`.length;
    }
    at = end;
  }
  return places;
}

/** The file with something wrong somewhere: a bit, a byte too few or too many, a piece missing or there twice. */
export function damaged(
  bytes: Buffer,
  random: SeededRandom,
): { readonly bytes: Buffer; readonly what: string } {
  const at = random.below(bytes.length);
  const length = 1 + random.below(40);
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.below(5)) {
    case 0: {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << random.below(8);
      return { bytes: changed, what: `a bit of byte ${at}` };
    }
    case 1:
      return {
        bytes: Buffer.concat([before, behind.subarray(length)]),
        what: `${length} bytes less at ${at}`,
      };
    case 2:
      return {
        bytes: Buffer.concat([before, Buffer.from(random.bytes(length)), behind]),
        what: `${length} bytes more at ${at}`,
      };
    case 3:
      return {
        bytes: Buffer.concat([before, behind.subarray(0, length), behind]),
        what: `${length} bytes twice at ${at}`,
      };
    default:
      return { bytes: before, what: `cut at ${at}` };
  }
}
