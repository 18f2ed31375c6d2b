// The way out of a connection: what a reader gets, fast or slow, past the stream or through it.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { connect as connectSecurely, createSecureContext } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { DirectWrites } from '../../src/net/direct-write.ts';
import { Outlet, type OutletKind, SENT } from '../../src/net/outlet.ts';
import { EncryptedSocket, encrypt } from '../../src/net/secure-socket.ts';
import { GATHERED_BYTES, type ReplyPart, SharedOutput } from '../../src/net/shared-output.ts';
import { CertificateAuthority } from '../support/certificates.ts';
import { pause, until } from './sockets.ts';

const LARGE_BYTES = 8 * 1024 * 1024;

interface Line {
  readonly shared: SharedOutput;
  readonly outlet: Outlet;
  readonly near: Duplex;
  readonly far: Duplex;
  /** What was taken by the reader. */
  readonly received: Buffer[];
  takenCalls: number;
}

async function socketPair(): Promise<[near: Socket, far: Socket]> {
  const server = createServer({ noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  server.close();
  onTestFinished(() => {
    near.destroy();
    far.destroy();
  });
  far.on('error', () => {});
  return [near, far];
}

const { cert, key } = new CertificateAuthority('outlet').issue('server');

async function securePair(): Promise<[near: EncryptedSocket, far: Socket]> {
  const [accepted, plain] = await socketPair();
  accepted.pause();
  const options = {
    context: createSecureContext({ cert, key }),
    clientCertificates: 'no',
    sessions: null,
  } as const;
  let near: Socket | null = null;
  const established = new Promise<void>((resolve, reject) => {
    const failed = (reason: string) => reject(new Error(reason));
    near = encrypt(accepted, Buffer.alloc(GATHERED_BYTES), options, { established: resolve, failed }).socket;
    near.resume();
  });
  const far = connectSecurely({ socket: plain, rejectUnauthorized: false });
  far.on('error', () => {});
  await established;
  onTestFinished(() => void near!.destroy());
  expect(near).toBeInstanceOf(EncryptedSocket);
  return [near! as EncryptedSocket, far];
}

const pairOf = { stream: () => duplexPair(), kernel: socketPair, cipher: securePair };

async function openLine(kind: OutletKind, shared = new SharedOutput()): Promise<Line> {
  const [near, far] = await pairOf[kind]();
  const outlet = new Outlet(near, kind, shared, () => void line.takenCalls++);
  const line: Line = { shared, outlet, near, far, received: [], takenCalls: 0 };
  far.on('data', (chunk: Buffer) => line.received.push(chunk));
  return line;
}

function withoutDirectWrites(): SharedOutput {
  return Object.assign(new SharedOutput(), { direct: null });
}

function partOf(bytes: Buffer): ReplyPart {
  return { bytes, start: 0, end: bytes.length };
}

function bytesReceived({ received }: Line): number {
  return received.reduce((sum, chunk) => sum + chunk.length, 0);
}

it('this version of Node lets output go past the stream', () => {
  expect(DirectWrites.whereKnown()).not.toBeNull();
});

const KINDS: readonly [name: string, kind: OutletKind, shared: () => SharedOutput][] = [
  ['a socket, past its stream', 'kernel', () => new SharedOutput()],
  ['a socket, through its stream', 'kernel', withoutDirectWrites],
  ['a stream within the process', 'stream', () => new SharedOutput()],
  ['an encrypted socket, past its stream', 'cipher', () => new SharedOutput()],
  ['an encrypted socket, through its stream', 'cipher', withoutDirectWrites],
];

it.each(KINDS)('%s: all arrives in order, however the reader pauses', async (_name, kind, shared) => {
  const size = fc.oneof(fc.nat(200), fc.nat(100_000), fc.nat(3_000_000));
  const step = fc.record({
    sizes: fc.array(size, { minLength: 1, maxLength: 3 }),
    after: fc.constantFrom('nothing', 'turn', 'pause', 'resume'),
  });
  const steps = fc.array(step, { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const line = await openLine(kind, shared());
      const expected: Buffer[] = [];
      let mark = 0;
      for (const { sizes, after } of steps) {
        const parts = sizes.map((size) => partOf(Buffer.alloc(size + 1, ++mark)));
        expected.push(...parts.map(({ bytes }) => Buffer.from(bytes)));
        const { outlet } = line;
        const length = parts.reduce((sum, { end }) => sum + end, 0);
        const isOne = parts.length === 1 && !outlet.isBehind;
        const sent =
          isOne && !(outlet.encrypts && length > GATHERED_BYTES)
            ? outlet.sendOne(parts[0]!.bytes, 0, length)
            : outlet.send(parts, length);
        // Encryption has everything at once, and tells later that it is out.
        if (!outlet.encrypts) expect(outlet.isBehind).toBe(sent !== SENT.OUT);
        expect(outlet.waitingBytes > 0).toBe(outlet.isBehind);
        // The memory of replies is used again unless it was lent.
        if (sent !== SENT.LENT) for (const { bytes } of parts) bytes.fill(0);
        if (after === 'pause') line.far.pause();
        else if (after === 'resume') line.far.resume();
        if (after !== 'nothing') await pause(0);
      }
      line.far.resume();
      const total = expected.reduce((sum, { length }) => sum + length, 0);
      await until('all bytes have come', () => bytesReceived(line) === total);
      expect(Buffer.concat(line.received).equals(Buffer.concat(expected))).toBe(true);
      await until('nothing waits', () => !line.outlet.isBehind);
      expect(line.outlet.waitingBytes).toBe(0);
      line.near.destroy();
      line.far.destroy();
    }),
    { numRuns: 40, seed: 20_261 },
  );
});

it('says when the system has taken what a slow reader left waiting', async () => {
  const line = await openLine('kernel');
  line.far.pause();
  const bytes = Buffer.alloc(LARGE_BYTES, 'x');
  expect(line.outlet.sendOne(bytes, 0, bytes.length)).toBe(SENT.LENT);
  expect(line.outlet.waitingBytes).toBe(LARGE_BYTES);
  expect(line.outlet.unsentBytes).toBeGreaterThan(0);
  expect(line.outlet.unsentBytes).toBeLessThan(LARGE_BYTES);
  expect(line.takenCalls).toBe(0);
  line.far.resume();
  await until('it is taken', () => line.takenCalls === 1);
  expect(line.outlet.isBehind).toBe(false);
  await until('it has come', () => bytesReceived(line) === LARGE_BYTES);
});

it('keeps the memory that the system still reads', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const line = await openLine('kernel');
  line.far.pause();
  // Nobody else holds it.
  const sent = ((bytes: Buffer) => line.outlet.sendOne(bytes, 0, bytes.length))(
    Buffer.alloc(LARGE_BYTES, 'x'),
  );
  expect(sent).toBe(SENT.LENT);
  await pause(0);
  collectGarbage();
  const others = Array.from({ length: 4 }, () => Buffer.alloc(LARGE_BYTES, 'y'));
  line.far.resume();
  await until('it has come', () => bytesReceived(line) === LARGE_BYTES);
  expect(Buffer.concat(line.received).indexOf('y')).toBe(-1);
  expect(Buffer.concat(line.received).equals(Buffer.alloc(LARGE_BYTES, 'x'))).toBe(true);
  expect(others.length).toBe(4);
});

it('memory in which output waited is used again', async () => {
  const line = await openLine('kernel');
  const { blocks } = line.shared;
  line.far.pause();
  const bytes = Buffer.alloc(GATHERED_BYTES, 'x');
  const count = LARGE_BYTES / GATHERED_BYTES;
  for (let i = 0; i < count; i++) line.outlet.send([partOf(bytes)], bytes.length);
  line.far.resume();
  await until('it has come', () => bytesReceived(line) === LARGE_BYTES);
  await until('nothing waits', () => !line.outlet.isBehind);
  const block = blocks.take();
  blocks.giveBack(block);
  expect(blocks.take()).toBe(block);
  expect(Buffer.from(block).fill('x').equals(block)).toBe(true);
});

it('what a slow reader of many replies takes is not the memory that others wrote theirs in', async () => {
  const line = await openLine('kernel');
  line.far.pause();
  const parts = Array.from({ length: LARGE_BYTES / GATHERED_BYTES }, () =>
    partOf(Buffer.alloc(GATHERED_BYTES, 'x')),
  );
  line.outlet.send(parts, LARGE_BYTES);
  // All but what the stream has at the moment.
  expect(line.outlet.waitingPieces).toBeGreaterThan(1);
  for (const { bytes } of parts.slice(parts.length >> 1)) bytes.fill('y');
  line.far.resume();
  await until('it has come', () => bytesReceived(line) === LARGE_BYTES);
  expect(Buffer.concat(line.received).indexOf('y')).toBe(-1);
});

it('ends after what waits has gone', async () => {
  const line = await openLine('kernel');
  line.far.pause();
  const bytes = Buffer.alloc(LARGE_BYTES, 'x');
  line.outlet.sendOne(bytes, 0, bytes.length);
  line.outlet.send([partOf(Buffer.from('the end'))], 7);
  line.outlet.release();
  line.near.end();
  line.far.resume();
  await once(line.far, 'end');
  expect(Buffer.concat(line.received).subarray(LARGE_BYTES).toString()).toBe('the end');
});

it('what a closing connection still sends is not written over by what waits for others', async () => {
  const line = await openLine('kernel');
  const other = await openLine('kernel', line.shared);
  line.far.pause();
  other.far.pause();
  const parts = (char: string) =>
    Array.from({ length: LARGE_BYTES / GATHERED_BYTES }, () => partOf(Buffer.alloc(GATHERED_BYTES, char)));
  line.outlet.send(parts('x'), LARGE_BYTES);
  other.outlet.send(parts('y'), LARGE_BYTES);
  line.outlet.release();
  line.near.end();
  line.far.on('data', () => other.outlet.send([partOf(Buffer.alloc(GATHERED_BYTES, 'y'))], GATHERED_BYTES));
  line.far.resume();
  await once(line.far, 'end');
  expect(bytesReceived(line)).toBe(LARGE_BYTES);
  expect(Buffer.concat(line.received).indexOf('y')).toBe(-1);
});

it('encryption, which takes one write at a time, gets what the stream writes meanwhile by and by', async () => {
  const line = await openLine('cipher');
  const reply = Buffer.from('+CONTINUE\r\n');
  for (let i = 0; i < 3; i++) {
    line.outlet.sendOne(reply, 0, reply.length);
    // As a replica is fed, and one that is told goodbye.
    if (i === 1) line.near.cork();
    line.near.write('one ');
    line.near.write('two ');
    if (i === 1) line.near.uncork();
    if (i < 2) await until('nothing waits', () => !line.outlet.isBehind);
  }
  line.near.end();
  await once(line.far, 'end');
  expect(Buffer.concat(line.received).toString()).toBe('+CONTINUE\r\none two '.repeat(3));
});

it('an encrypted connection ends after what waits has gone', async () => {
  const line = await openLine('cipher');
  const reply = Buffer.alloc(GATHERED_BYTES, 'x');
  line.outlet.sendOne(reply, 0, reply.length);
  line.near.end();
  await once(line.far, 'end');
  expect(bytesReceived(line)).toBe(reply.length);
});

it.each([
  ['while output waits', true],
  ['before anything is sent', false],
])('a peer that resets the connection %s is an error of the stream', async (_when, isFirst) => {
  const line = await openLine('kernel');
  const errors: NodeJS.ErrnoException[] = [];
  line.near.on('error', (error) => errors.push(error));
  line.far.pause();
  const bytes = Buffer.alloc(LARGE_BYTES, 'x');
  if (isFirst) expect(line.outlet.sendOne(bytes, 0, bytes.length)).toBe(SENT.LENT);
  (line.far as Socket).resetAndDestroy();
  await pause(20);
  // Nothing is read here, so only a write can find out.
  if (!isFirst) line.outlet.sendOne(Buffer.from('+PONG\r\n'), 0, 7);
  await until('the stream is destroyed', () => line.near.destroyed);
  await until('it tells', () => errors.length > 0);
  expect(['ECONNRESET', 'EPIPE']).toContain(errors[0]!.code);
});
