// Directives of the network, TLS and clients. One row per directive; see directive.ts for what a row is, and
// directives.ts for the whole table.

import {
  bool,
  choice,
  INT_MAX,
  integer,
  LONG_MAX,
  memory,
  memoryOrPercent,
  octal,
  optionalText,
  UINT_MAX,
} from './directive.ts';
import { bind, clientOutputBufferLimit, clientThrottle } from './special-directives.ts';

const MB = 1024 * 1024;

export const networkDirectives = {
  bind: bind(),
  'bind-source-addr': optionalText({ effective: true }),
  'protected-mode': bool(true, { effective: true }),
  port: integer(6379, 0, 65535, { effective: true }),
  'tcp-backlog': integer(511, 0, INT_MAX, { effective: true, immutable: true }),
  unixsocket: optionalText({ effective: true, immutable: true }),
  unixsocketperm: octal(0, 0, 0o777, { effective: true, immutable: true, unsigned: true }),
  timeout: integer(0, 0, INT_MAX, { effective: true }),
  'tcp-keepalive': integer(300, 0, INT_MAX, { effective: true }),
  'socket-mark-id': integer(0, 0, UINT_MAX, { immutable: true, unsigned: true }),
};

export const tlsDirectives = {
  'tls-port': integer(0, 0, 65535, { effective: true }),
  'tls-cert-file': optionalText({ effective: true, alwaysApply: true }),
  'tls-key-file': optionalText({ effective: true, alwaysApply: true }),
  'tls-key-file-pass': optionalText({ effective: true }),
  'tls-client-cert-file': optionalText({ effective: true, alwaysApply: true }),
  'tls-client-key-file': optionalText({ effective: true, alwaysApply: true }),
  'tls-client-key-file-pass': optionalText({ effective: true }),
  'tls-dh-params-file': optionalText({ effective: true, alwaysApply: true }),
  'tls-ca-cert-file': optionalText({ effective: true, alwaysApply: true }),
  'tls-ca-cert-dir': optionalText({ effective: true, alwaysApply: true }),
  'tls-auth-clients': choice(['no', 'yes', 'optional'], 'yes', { effective: true }),
  'tls-replication': bool(false, { effective: true }),
  'tls-cluster': bool(false, { effective: true }),
  'tls-protocols': optionalText({ effective: true }),
  'tls-ciphers': optionalText({ effective: true }),
  'tls-ciphersuites': optionalText({ effective: true }),
  'tls-prefer-server-ciphers': bool(false, { effective: true }),
  'tls-session-caching': bool(true, { effective: true }),
  'tls-session-cache-size': integer(20480, 0, INT_MAX, { effective: true }),
  'tls-session-cache-timeout': integer(300, 0, INT_MAX, { effective: true }),
};

export const clientDirectives = {
  maxclients: integer(10000, 1, UINT_MAX, { effective: true, unsigned: true }),
  'maxmemory-clients': memoryOrPercent(0, { effective: true }),
  'client-query-buffer-limit': memory(1024 * MB, MB, LONG_MAX, { effective: true, unsigned: true }),
  'client-output-buffer-limit': clientOutputBufferLimit(),
  'client-throttle': clientThrottle(),
  'proto-max-bulk-len': memory(512 * MB, MB, LONG_MAX, { effective: true }),
  'tracking-table-max-keys': integer(1000000, 0, LONG_MAX, { effective: true, unsigned: true }),
};
