// The way out: connections that the server opens to others. Declared here, implemented in net/, passed in by server.ts.

/** A connection that was opened, or is about to be. */
export interface OutgoingConnection {
  /** Sends bytes; `taken` is called when the system has them all. Nothing else may be sent before. */
  send(bytes: Uint8Array, taken: () => void): void;
  /** Closes it; none of the handlers is called any more. */
  close(): void;
}

/** Who has opened a connection. */
export interface OutgoingOwner {
  opened(): void;
  /** Bytes have come, which are good until the call returns. */
  received(bytes: Uint8Array): void;
  /** It could not be opened, or is over. */
  ended(): void;
}

export interface PeerDoor {
  /** Begins to open a TCP connection. */
  open(host: string, port: number, owner: OutgoingOwner): OutgoingConnection;
}
