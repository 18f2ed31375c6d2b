// The way out: connections that the server opens to others. Declared here, implemented in net/, passed in by server.ts.

/** A connection that was opened, or is about to be. */
export interface OutgoingConnection {
  /** `ip:port` of the other end and of this one, '' before it is open; the file descriptor, -1 where there is none. */
  readonly address: string;
  readonly localAddress: string;
  readonly fd: number;
  /** Sends bytes; `taken` is called when the system has them all. Nothing else may be sent before. */
  send(bytes: Uint8Array, taken: () => void): void;
  /** Reads nothing until `resume`: what comes meanwhile waits at the other end. */
  pause(): void;
  resume(): void;
  /** Closes it; none of the handlers is called any more. */
  close(): void;
}

/** `replication`: the link to our master (`tls-replication`, `bind-source-addr`). `keys`: MIGRATE. */
export type OutgoingUse = 'replication' | 'keys';

/** Who has opened a connection. */
export interface OutgoingOwner {
  opened(): void;
  /** Bytes have come, which are good until the call returns. */
  received(bytes: Uint8Array): void;
  /** It could not be opened, or is over: the system's words for why, '' when the other end has closed it. */
  ended(reason: string): void;
}

export interface PeerDoor {
  /** Begins to open a TCP connection, for what it is used: that decides whether it is encrypted. */
  open(host: string, port: number, owner: OutgoingOwner, use: OutgoingUse): OutgoingConnection;
}
