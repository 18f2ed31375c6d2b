// The subcommands of DEBUG that show packed blocks and the nodes of lists. What they find goes to the log; the reply only
// says so, in Redis's words.

import { leadingInt32 } from '../base/numbers.ts';
import { quote } from '../base/quote.ts';
import { encodingName } from '../datatypes/kind.ts';
import { nodeBytes, nodeLength } from '../datatypes/list-node.ts';
import type { NodeList } from '../datatypes/node-list.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import { nodeListOf } from '../keyspace/list-value.ts';
import type { Ref } from '../memory/heap.ts';
import { PACKED_HEADER_BYTES, packedBytes, packedEnd, packedLength } from '../memory/packed.ts';
import { PackedEntry } from '../memory/packed-entry.ts';
import { NO_SUCH_KEY, NOT_A_LISTPACK, NOT_A_QUICKLIST } from '../resp/errors.ts';

const SHOWN_TEXT = 40;

/** DEBUG LISTPACK: the entries of any value that is one packed block. */
export function showListpack(ctx: CommandContext): void {
  const { db, reply } = ctx;
  const ref = lookup(ctx);
  if (encodingName(db.kind(ref)) !== 'listpack') throw NOT_A_LISTPACK;
  logBlock(ctx, db.valueMemory(ref), db.valueOffset(ref));
  reply.simple('Listpack structure printed on stdout');
}

/** DEBUG QUICKLIST: the nodes of a list, with their entries when a number other than 0 follows. */
export function showQuicklist(ctx: CommandContext): void {
  const { args, db, reply, server } = ctx;
  const ref = lookup(ctx);
  const list = nodeListOf(db, ref);
  if (list === null) throw NOT_A_QUICKLIST;
  const isFull = args.count === 4 && leadingInt32(args.string(3)) !== 0;
  server.log.notice(
    `quicklist: count ${list.length}, len ${list.nodeCount}, fill ${list.nodeLimit}, compress ${list.compressDepth}`,
  );
  for (let node = 0; node < list.nodeCount; node++) logNode(ctx, list, node, isFull);
  reply.simple('Quicklist structure printed on stdout');
}

/** What DEBUG OBJECT shows of a list that has nodes, none for all other values. */
export function quicklistFields(db: Database, ref: Ref): string[] {
  const list = nodeListOf(db, ref);
  if (list === null) return [];
  let bytes = 0;
  for (let node = 0; node < list.nodeCount; node++) bytes += nodeBytes(list.memory(node), list.base(node));
  return [
    `ql_nodes:${list.nodeCount}`,
    `ql_avg_node:${twoDecimals(list.length / list.nodeCount)}`,
    `ql_listpack_max:${list.nodeLimit}`,
    `ql_compressed:${list.compressDepth === 0 ? 0 : 1}`,
    `ql_uncompressed_size:${bytes}`,
  ];
}

// As printf: of two decimals that are equally near, the even one, where `toFixed` takes the larger.
function twoDecimals(value: number): string {
  const isTie = Number.isInteger(value * 8) && !Number.isInteger(value * 4);
  const below = Math.floor(value * 100);
  return isTie && below % 2 === 0 ? (below / 100).toFixed(2) : value.toFixed(2);
}

function lookup({ args, db }: CommandContext): Ref {
  const ref = db.peek(args, 2);
  if (ref === 0) throw NO_SUCH_KEY;
  return ref;
}

function logNode(ctx: CommandContext, list: NodeList, node: number, isFull: boolean): void {
  const memory = list.memory(node);
  const base = list.base(node);
  const container = list.isPlain(node) ? 'PLAIN' : 'PACKED';
  ctx.server.log.notice(
    `quicklist node ${node}: container ${container}, size ${nodeBytes(memory, base)}, count ${nodeLength(memory, base)}`,
  );
  if (isFull && !list.isPlain(node)) logBlock(ctx, memory, base);
}

function logBlock({ server }: CommandContext, memory: Uint8Array, base: number): void {
  const { log } = server;
  const entry = new PackedEntry();
  log.notice(`listpack: total bytes ${packedBytes(memory, base)}, num entries ${packedLength(memory, base)}`);
  const end = packedEnd(memory, base);
  for (let at = PACKED_HEADER_BYTES, index = 0; at < end; index++) {
    const offset = at;
    at = entry.read(memory, base, at);
    const text = entry.text();
    const shown = text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}...` : text;
    log.notice(`listpack entry ${index}: offset ${offset}, bytes ${entry.entryBytes}, ${quote(shown)}`);
  }
}
