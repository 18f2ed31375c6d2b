// Encryption of accepted sockets by Node's TLS, as near to the handle as Node lets one: what is decrypted goes into the
// buffer that all connections share, as with plain sockets (see shared-read.ts), and not through a stream. Node offers
// that only for sockets that it connects itself; the private names that this needs are used in this file and nowhere
// else. Where the one that hands the handle over is missing, what is decrypted comes by 'data' events instead.

import type { Socket } from 'node:net';
import { type SecureContext, type Server, TLSSocket, type TLSSocketOptions } from 'node:tls';
import { reasonOf } from '../config/file-text.ts';
import type { BufferReader } from './shared-read.ts';

/** What a handshake failed for when the certificate that the peer has shown is not trusted. */
const NOT_TRUSTED = 'error:0A000086:SSL routines::certificate verify failed';

export type ClientCertificates = 'no' | 'optional' | 'yes';

export interface SecureOptions {
  readonly context: SecureContext;
  /** Which certificates clients must show: none, one that is trusted if any, one that is trusted. */
  readonly clientCertificates: ClientCertificates;
  /** Is asked for the sessions that clients come back with; null: there are none. */
  readonly sessions: Server | null;
}

export interface SecureSocket {
  readonly socket: TLSSocket;
  /** Who takes what is decrypted: set it before the handshake is done. */
  setReader(reader: BufferReader): void;
}

/** Told once whether the handshake has worked; after `failed`, with OpenSSL's words, the socket is destroyed. */
export interface HandshakeListener {
  established(): void;
  failed(reason: string): void;
}

interface PrivateNames {
  _handle: { verifyError?(): Error | null | undefined } | null;
  connecting: boolean;
}

interface WrapsHandles {
  _wrapHandle?(wrap: null, handle: unknown, hasWrites: boolean): unknown;
}

interface TakenOverOptions extends TLSSocketOptions {
  readonly allowHalfOpen: boolean;
  readonly acceptedHandle: unknown;
  readonly onread: {
    readonly buffer: Buffer;
    callback(length: number, bytes: Uint8Array): boolean;
  };
}

const wrapHandle = (TLSSocket.prototype as unknown as WrapsHandles)._wrapHandle;

type WriteCallback = (error?: Error | null) => void;

/**
 * A socket that Node believes to connect itself, upon the handle of one that was accepted. Its handle can be written to past
 * the stream (see direct-write.ts), but encryption takes one write at a time, and ends the process at a second one: between
 * `holdWrites` and `releaseWrites` the stream keeps what it has to write.
 */
export class EncryptedSocket extends TLSSocket {
  private isHeld = false;
  private heldWrite: (() => void) | null = null;

  constructor(options: TakenOverOptions) {
    super(undefined as unknown as Socket, options);
    (this as unknown as PrivateNames).connecting = false;
  }

  holdWrites(): void {
    this.isHeld = true;
  }

  releaseWrites(): void {
    const { heldWrite } = this;
    this.isHeld = false;
    this.heldWrite = null;
    heldWrite?.();
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
    this.whenReleased(() => super._write(chunk, encoding, callback));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: WriteCallback): void {
    this.whenReleased(() => super._writev!(chunks, callback));
  }

  override _final(callback: WriteCallback): void {
    this.whenReleased(() => super._final(callback));
  }

  // The stream does one thing at a time, so that there is one that waits at most.
  private whenReleased(write: () => void): void {
    if (this.isHeld) this.heldWrite = write;
    else write();
  }

  // Called by the constructor of TLSSocket.
  _wrapHandle(_wrap: null, _handle: unknown, hasWrites: boolean): unknown {
    const { acceptedHandle } = (this as unknown as { _tlsOptions: TakenOverOptions })._tlsOptions;
    return wrapHandle!.call(this, null, acceptedHandle, hasWrites);
  }
}

/** Begins the handshake on an accepted socket (paused, nothing read yet); what is decrypted comes by way of `buffer`. */
export function encrypt(
  accepted: Socket,
  buffer: Buffer,
  options: SecureOptions,
  listener: HandshakeListener,
): SecureSocket {
  const { clientCertificates, context, sessions } = options;
  const common: TLSSocketOptions = {
    isServer: true,
    secureContext: context,
    requestCert: clientCertificates !== 'no',
    rejectUnauthorized: clientCertificates === 'yes',
    ...(sessions === null ? {} : { server: sessions }),
  };
  const { socket, setReader } = takeOver(accepted, buffer, common) ?? readByEvents(accepted, common);
  follow(socket, clientCertificates, listener);
  return { socket, setReader };
}

function takeOver(accepted: Socket, buffer: Buffer, common: TLSSocketOptions): SecureSocket | null {
  const inner = accepted as unknown as { _handle: unknown };
  const acceptedHandle = inner._handle;
  if (wrapHandle === undefined || acceptedHandle === null || acceptedHandle === undefined) return null;
  let reader: BufferReader | null = null;
  inner._handle = null;
  const socket = new EncryptedSocket({
    ...common,
    // The end of the input may come along with the last request, whose reply is still to be sent.
    allowHalfOpen: true,
    acceptedHandle,
    onread: {
      buffer,
      callback(length, bytes) {
        reader!.receive(bytes as Buffer, length);
        return true;
      },
    },
  });
  accepted.destroy();
  return {
    socket,
    setReader(value) {
      reader = value;
    },
  };
}

function readByEvents(accepted: Socket, common: TLSSocketOptions): SecureSocket {
  accepted.allowHalfOpen = true;
  const socket = new TLSSocket(accepted, common);
  return {
    socket,
    setReader: (reader) => void socket.on('data', (bytes: Buffer) => reader.receive(bytes, bytes.length)),
  };
}

function follow(socket: TLSSocket, certificates: ClientCertificates, listener: HandshakeListener): void {
  let isOver = false;
  const fail = (reason: string) => {
    socket.destroy();
    if (isOver) return;
    isOver = true;
    listener.failed(reason);
  };
  socket.once('secure', () => {
    if (isOver) return;
    if (!isTrusted(socket, certificates)) {
      fail(NOT_TRUSTED);
      return;
    }
    isOver = true;
    listener.established();
  });
  // The second is what Node makes of an error of the encryption later on.
  socket.on('error', (error) => fail(opensslText(error)));
  socket.on('_tlsError', (error: Error) => fail(opensslText(error)));
  socket.on('end', () => {
    if (!isOver) fail('');
  });
  socket.on('close', () => fail(''));
}

// Node leaves the judgement to its user. Who has shown nothing has come this far only where nothing is demanded.
function isTrusted(socket: TLSSocket, certificates: ClientCertificates): boolean {
  if (certificates === 'no') return true;
  if (certificates === 'optional' && socket.getPeerX509Certificate() === undefined) return true;
  const { _handle: handle } = socket as unknown as PrivateNames;
  // Without a verdict nobody is trusted.
  return handle?.verifyError !== undefined && !handle.verifyError();
}

/** `error:<code>:<library>::<reason>` of an error by OpenSSL, as its own library prints it; others as strerror(3) would. */
export function opensslText(error: Error): string {
  const match = /error:([0-9A-F]{8}):([^:]*):[^:]*:([^:\n]*)/.exec(error.message);
  return match === null ? reasonOf(error) : `error:${match[1]}:${match[2]}::${match[3]}`;
}
