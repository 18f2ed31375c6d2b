// Writes to a socket's handle, past its stream: what the stream spends on each write (a request object, a callback, a
// tick) is up to a tenth of what a pipelined request costs. The stream does the same underneath when it has nothing
// else to send; the private names that this needs are used in this file and nowhere else. Where they are missing,
// output goes through the stream.

import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** What became of a write: the system has all; it takes the rest by and by; it takes nothing, and the stream will tell why. */
export const WRITTEN = { WHOLLY: 0, IN_PART: 1, NOT: 2 } as const;
export type Written = (typeof WRITTEN)[keyof typeof WRITTEN];

/** Called when the system has taken what was written in part, or never will. */
export type WhenTaken = (error: Error | null) => void;

interface WriteRequest {
  oncomplete: ((status: number) => void) | null;
  /** What the system still reads: the request lives until that is done, and nobody else may hold the memory. */
  buffer: Uint8Array | null;
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: ArrayLike<number>;
  readonly kLastWriteWasAsync: number;
}

interface WithHandle {
  readonly _handle?: { writeBuffer?(request: WriteRequest, bytes: Uint8Array): number } | null;
}

interface WithBindings {
  binding?(name: string): Partial<StreamBinding>;
}

export class DirectWrites {
  private readonly binding: StreamBinding;
  // Of use again as long as the system takes everything at once.
  private request: WriteRequest;

  private constructor(binding: StreamBinding) {
    this.binding = binding;
    this.request = new binding.WriteWrap();
  }

  /** Null where Node does not let one. */
  static whereKnown(): DirectWrites | null {
    const binding = streamBinding();
    return binding === null ? null : new DirectWrites(binding);
  }

  /** Writes to a socket whose stream has nothing to send. In part: `bytes` must stay as they are until `whenTaken` is called. */
  write(socket: Socket, bytes: Uint8Array, whenTaken: WhenTaken): Written {
    const { binding, request } = this;
    const { _handle: handle } = socket as unknown as WithHandle;
    if (handle?.writeBuffer === undefined) return WRITTEN.NOT;
    if (handle.writeBuffer(request, bytes) !== 0) return WRITTEN.NOT;
    if (binding.streamBaseState[binding.kLastWriteWasAsync] === 0) return WRITTEN.WHOLLY;
    request.buffer = bytes;
    request.oncomplete = (status) => whenTaken(status < 0 ? systemError(status) : null);
    this.request = new binding.WriteWrap();
    return WRITTEN.IN_PART;
  }
}

function streamBinding(): StreamBinding | null {
  try {
    const binding = (process as WithBindings).binding?.('stream_wrap');
    const isKnown =
      typeof binding?.WriteWrap === 'function' &&
      typeof binding.kLastWriteWasAsync === 'number' &&
      typeof binding.streamBaseState?.[binding.kLastWriteWasAsync] === 'number';
    return isKnown ? (binding as StreamBinding) : null;
  } catch {
    return null;
  }
}

function systemError(status: number): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' });
}
