// The connection of a client that nobody is at the other end of: one that runs commands of a file or of a script.

import type { ClientConnection } from './client.ts';

export const NO_CONNECTION: ClientConnection = {
  address: '?:0',
  localAddress: '?:0',
  fd: -1,
  isUnixSocket: false,
  isLocal: true,
  inputBytes: 0,
  inputFreeBytes: 0,
  argumentBytes: 0,
  replyBytes: 0,
  outputBytes: 0,
  outputPieces: 0,
  send: () => {},
  push: () => {},
  isMuted: true,
  feedFrom: () => {},
  sendFeed: () => {},
  feedGrew: () => {},
  delaySmallWrites: () => {},
  mute: () => {},
  unmute: () => {},
  answer: (act) => act(),
  holdInput: () => {},
  releaseInput: () => {},
  suspend: () => {},
  resume: () => {},
  closeAfterReplies: () => {},
  close: () => {},
};
