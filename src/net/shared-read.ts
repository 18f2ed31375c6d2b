// Reads of accepted sockets into one buffer that all connections share. Node offers this (`onread`) only for sockets
// that one makes oneself, so the accepted handle is put into a new socket; the one private name that this needs is used
// in this file and nowhere else. Where it is missing, the socket reads by 'data' events instead.

import { Socket } from 'node:net';
import type { FileDoor, TimerService } from '../base/runtime.ts';

// A read takes at most this much; a connection that fills it waits for the next turn, so that nobody starves the others.
const READ_BUFFER_BYTES = 32 * 1024;
// Of a large argument, as in Redis, all that is there is read at once, up to here.
const MAX_REST_BYTES = 4 * 1024 * 1024;

/** Allocates the buffer that the sockets of a server read into. */
export function allocateReadBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
}

/** Takes bytes that were read into the shared buffer; they are gone when it returns. */
export interface BufferReader {
  receive(bytes: Buffer, length: number): void;
  /** Where the rest of a large argument goes, or as much as there is memory for; null when none is being read. */
  restOfArgument(): Buffer | null;
  /** So many bytes have been read to where `restOfArgument` says. */
  restArrived(length: number): void;
}

interface WithHandle {
  _handle: unknown;
}

type Reads = Pick<FileDoor, 'readSync'>;

/**
 * The accepted socket (paused, nothing read yet) as one that reads into `buffer`. Once `reader` is set on the result,
 * call `resume` on the socket. Null where the platform does not allow it: use `accepted` with 'data' events.
 */
export function readingInto(
  buffer: Buffer,
  accepted: Socket,
  { files, timers }: { readonly files: Reads; readonly timers: TimerService },
): { socket: Socket; setReader(reader: BufferReader): void } | null {
  const { _handle: handle } = accepted as unknown as WithHandle;
  if (handle === null || handle === undefined) return null;
  let reader: BufferReader | null = null;
  (accepted as unknown as WithHandle)._handle = null;
  const socket: Socket = new Socket({
    handle,
    onread: {
      buffer,
      callback(length: number, bytes: Uint8Array) {
        reader!.receive(bytes as Buffer, length);
        if (length < buffer.length) return true;
        readRest(handle as object, files, reader!);
        timers.afterTurn(() => {
          if (!socket.isPaused()) socket.resume();
        });
        return false;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  accepted.destroy();
  return {
    socket,
    setReader(value) {
      reader = value;
    },
  };
}

function readRest(handle: object, files: Reads, reader: BufferReader): void {
  const { fd = -1 } = handle as { fd?: number };
  if (fd < 0) return;
  for (let left = MAX_REST_BYTES; left > 0; ) {
    const rest = reader.restOfArgument();
    if (rest === null) return;
    const length = readNow(fd, rest, files);
    if (length > 0) reader.restArrived(length);
    if (length < rest.length) return;
    left -= length;
  }
}

/** How many bytes there were; 0 also at the end and for an error, which the next ordinary read comes upon. */
function readNow(fd: number, target: Buffer, files: Reads): number {
  try {
    return files.readSync(fd, target, 0, target.length, null);
  } catch {
    return 0;
  }
}
