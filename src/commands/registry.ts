// All commands: whatever the files of this folder export. A new command in a listed file needs nothing here; a new
// file needs its line.

import { Command } from '../engine/command-spec.ts';
import * as acl from './acl.ts';
import * as appendOnly from './append-only.ts';
import * as bitfield from './bitfield.ts';
import * as bitmap from './bitmap.ts';
import * as bitop from './bitop.ts';
import * as client from './client.ts';
import * as cluster from './cluster.ts';
import * as command from './command.ts';
import * as config from './config.ts';
import * as connection from './connection.ts';
import * as debug from './debug.ts';
import * as dump from './dump.ts';
import * as expire from './expire.ts';
import * as flush from './flush.ts';
import * as functions from './functions.ts';
import * as geo from './geo.ts';
import * as geoRadius from './geo-radius.ts';
import * as geoSearch from './geo-search.ts';
import * as hash from './hash.ts';
import * as hashCounter from './hash-counter.ts';
import * as hashRandom from './hash-random.ts';
import * as hashScan from './hash-scan.ts';
import * as hyperloglog from './hyperloglog.ts';
import * as hyperloglogDebug from './hyperloglog-debug.ts';
import * as info from './info.ts';
import * as keys from './keys.ts';
import * as keysMove from './keys-move.ts';
import * as keysScan from './keys-scan.ts';
import * as latency from './latency.ts';
import * as list from './list.ts';
import * as listBlocking from './list-blocking.ts';
import * as listMove from './list-move.ts';
import * as listPop from './list-pop.ts';
import * as listPosition from './list-position.ts';
import * as lolwut from './lolwut.ts';
import * as memory from './memory.ts';
import * as migrate from './migrate.ts';
import * as modules from './modules.ts';
import * as monitor from './monitor.ts';
import * as object from './object.ts';
import * as pubsub from './pubsub.ts';
import * as replicaof from './replicaof.ts';
import * as replication from './replication.ts';
import * as replicationWait from './replication-wait.ts';
import * as save from './save.ts';
import * as scripting from './scripting.ts';
import * as server from './server.ts';
import * as set from './set.ts';
import * as setOperations from './set-operations.ts';
import * as setRandom from './set-random.ts';
import * as shutdown from './shutdown.ts';
import * as slowlog from './slowlog.ts';
import * as sort from './sort.ts';
import * as sortedSet from './sorted-set.ts';
import * as sortedSetOperations from './sorted-set-operations.ts';
import * as sortedSetPop from './sorted-set-pop.ts';
import * as sortedSetRandom from './sorted-set-random.ts';
import * as sortedSetRange from './sorted-set-range.ts';
import * as sortedSetRangeStore from './sorted-set-range-store.ts';
import * as sortedSetRemoveRange from './sorted-set-remove-range.ts';
import * as stream from './stream.ts';
import * as streamClaim from './stream-claim.ts';
import * as streamGroup from './stream-group.ts';
import * as streamInfo from './stream-info.ts';
import * as streamPending from './stream-pending.ts';
import * as streamRead from './stream-read.ts';
import * as string from './string.ts';
import * as stringCounter from './string-counter.ts';
import * as stringLcs from './string-lcs.ts';
import * as stringRange from './string-range.ts';
import * as transactions from './transactions.ts';

const FILES: readonly object[] = [
  acl,
  appendOnly,
  bitfield,
  bitmap,
  bitop,
  client,
  cluster,
  command,
  config,
  connection,
  debug,
  dump,
  expire,
  flush,
  functions,
  geo,
  geoRadius,
  geoSearch,
  hash,
  hashCounter,
  hashRandom,
  hashScan,
  hyperloglog,
  hyperloglogDebug,
  info,
  keys,
  keysMove,
  keysScan,
  latency,
  list,
  listBlocking,
  listMove,
  listPop,
  listPosition,
  lolwut,
  memory,
  migrate,
  modules,
  monitor,
  object,
  pubsub,
  replicaof,
  replication,
  replicationWait,
  save,
  scripting,
  server,
  set,
  setOperations,
  setRandom,
  shutdown,
  slowlog,
  sort,
  sortedSet,
  sortedSetOperations,
  sortedSetPop,
  sortedSetRandom,
  sortedSetRange,
  sortedSetRangeStore,
  sortedSetRemoveRange,
  stream,
  streamClaim,
  streamGroup,
  streamInfo,
  streamPending,
  streamRead,
  string,
  stringCounter,
  stringLcs,
  stringRange,
  transactions,
];

export const COMMANDS: readonly Command[] = FILES.flatMap((file) =>
  Object.values(file).filter((exported) => exported instanceof Command),
);
