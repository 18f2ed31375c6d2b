// REPLICAOF, SLAVEOF and FAILOVER as far as one server is enough: what they refuse, and what a replica without its master
// answers. What comes of a link is in test/replication.

import type { CommandCase } from '../support/case.ts';
import { error, OK, simple } from '../support/expected.ts';

const BAD_PORT = error('ERR Invalid master port');
const SYNTAX = error('ERR syntax error');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const READ_ONLY = error("READONLY You can't write against a read only replica.");
const STALE = error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
// Nobody listens on it.
const PORT = '1';
const AS_A_REPLICA = {
  multi: 'it is about what a transaction refuses, too',
  script: 'the commands are none for scripts',
  reload: 'a replica loads nothing of its own',
  aof: 'what changes the role is in no file',
};

export const cases: CommandCase[] = [
  {
    name: 'REPLICAOF takes a host and a port, or NO ONE',
    not: { script: 'the commands are none for scripts' },
    steps: [
      ['REPLICAOF NO ONE', OK],
      ['SLAVEOF no one', OK],
      ['REPLICAOF host', error("ERR wrong number of arguments for 'replicaof' command")],
      ['SLAVEOF a b c', error("ERR wrong number of arguments for 'slaveof' command")],
      ['REPLICAOF host port', BAD_PORT],
      ['REPLICAOF host -1', BAD_PORT],
      ['REPLICAOF host 65536', BAD_PORT],
      ['REPLICAOF host 99999999999999999999', BAD_PORT],
      ['REPLICAOF NO one2', BAD_PORT],
      [['SLAVEOF', 'host', ''], BAD_PORT],
    ],
  },
  {
    name: 'FAILOVER: options come first, then whether it can be',
    not: { script: 'the commands are none for scripts' },
    steps: [
      ['FAILOVER', error('ERR FAILOVER requires connected replicas.')],
      ['FAILOVER ABORT', error('ERR No failover in progress.')],
      ['FAILOVER abort TIMEOUT 1', SYNTAX],
      ['FAILOVER TIMEOUT', SYNTAX],
      ['FAILOVER TIMEOUT x', NOT_INTEGER],
      ['FAILOVER TIMEOUT 0', error('ERR FAILOVER timeout must be greater than 0')],
      ['FAILOVER TIMEOUT -1', error('ERR FAILOVER timeout must be greater than 0')],
      ['FAILOVER TIMEOUT 1 TIMEOUT 2', SYNTAX],
      ['FAILOVER TO host', SYNTAX],
      ['FAILOVER TO host x', NOT_INTEGER],
      ['FAILOVER TO host 1 TO host 2', SYNTAX],
      ['FAILOVER FORCE FORCE', SYNTAX],
      ['FAILOVER nosuch', SYNTAX],
      ['FAILOVER TO host 1 FORCE TIMEOUT 100', error('ERR FAILOVER requires connected replicas.')],
    ],
  },
  {
    name: 'a replica takes writes from its master alone',
    not: AS_A_REPLICA,
    steps: [
      ['SET a 1', OK],
      [`REPLICAOF 127.0.0.1 ${PORT}`, OK],
      [`SLAVEOF 127.0.0.1 ${PORT}`, simple('OK Already connected to specified master')],
      ['SET a 2', READ_ONLY],
      ['GET a', '1'],
      ['DEL a', READ_ONLY],
      ['FLUSHALL', READ_ONLY],
      ['MULTI', OK],
      ['SET a 2', READ_ONLY],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
      [['EVAL', "return redis.pcall('set', KEYS[1], 2)", '1', 'a'], READ_ONLY],
      [['EVAL', "return redis.call('get', KEYS[1])", '1', 'a'], '1'],
      [['EVAL', '#!lua\nreturn 1', '0'], READ_ONLY],
      [['EVAL', '#!lua flags=no-writes\nreturn 1', '0'], 1],
      ['PUBLISH channel message', 0],
      ['FAILOVER', error('ERR FAILOVER is not valid when server is a replica.')],
      ['CONFIG SET replica-read-only no', OK],
      ['SET a 2', OK],
      ['REPLICAOF NO ONE', OK],
      ['CONFIG SET replica-read-only yes', OK],
      ['SET a 3', OK],
    ],
  },
  {
    name: 'a replica that has lost its master may answer nothing from old data',
    not: AS_A_REPLICA,
    steps: [
      ['SET a 1', OK],
      [`REPLICAOF 127.0.0.1 ${PORT}`, OK],
      ['GET a', '1'],
      ['CONFIG SET replica-serve-stale-data no', OK],
      ['GET a', STALE],
      ['PING', STALE],
      ['SET a 1', READ_ONLY],
      ['MULTI', OK],
      ['GET a', STALE],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
      [['EVAL', '#!lua flags=no-writes\nreturn 1', '0'], STALE],
      [['EVAL', '#!lua flags=no-writes,allow-stale\nreturn 1', '0'], 1],
      [['EVAL', 'return 1', '0'], STALE],
      [
        ['EVAL', "#!lua flags=no-writes,allow-stale\nreturn redis.pcall('get', KEYS[1])", '1', 'a'],
        error('ERR Can not execute the command on a stale replica'),
      ],
      ['CONFIG SET replica-serve-stale-data yes', OK],
      ['PING', simple('PONG')],
      ['REPLICAOF NO ONE', OK],
    ],
  },
  {
    name: 'a replica that takes writes removes what has expired when it writes to it',
    not: AS_A_REPLICA,
    config: { 'enable-debug-command': 'yes' },
    steps: [
      [`REPLICAOF 127.0.0.1 ${PORT}`, OK],
      ['CONFIG SET replica-read-only no', OK],
      ['DEBUG SET-ACTIVE-EXPIRE 0', OK],
      ['SET a 5 PX 20', OK],
      ['SET b 5 PX 20', OK],
      ['SET c 5 PX 20', OK],
      { waitMs: 60 },
      ['GET a', null],
      ['EXISTS a b c', 0],
      ['DBSIZE', 3],
      ['INCR a', 1],
      ['TTL a', -1],
      ['DEL b', 1],
      ['DBSIZE', 2],
      ['EXPIRE c 100', 0],
      ['DBSIZE', 1],
      ['SET d 1', OK],
      ['PEXPIREAT d 1', 1],
      ['DBSIZE', 2],
      ['GET d', null],
      ['DEBUG SET-ACTIVE-EXPIRE 1', OK],
      ['REPLICAOF NO ONE', OK],
      ['CONFIG SET replica-read-only yes', OK],
    ],
  },
];
