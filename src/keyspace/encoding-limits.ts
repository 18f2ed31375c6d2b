// Up to which sizes values keep their small encodings: directives, as the keyspace is told them. A keyspace without a
// configuration (a test, a tool) has Redis's defaults.

import type { ConfigValues } from '../config/directives.ts';

/** The directives' present values; the object lives as long as the configuration, its fields change. */
export type EncodingLimits = Readonly<
  Pick<
    ConfigValues,
    | 'hash-max-listpack-entries'
    | 'hash-max-listpack-value'
    | 'list-compress-depth'
    | 'list-max-listpack-size'
    | 'set-max-intset-entries'
    | 'set-max-listpack-entries'
    | 'set-max-listpack-value'
    | 'stream-node-max-bytes'
    | 'stream-node-max-entries'
    | 'zset-max-listpack-entries'
    | 'zset-max-listpack-value'
  >
>;

export const DEFAULT_LIMITS: EncodingLimits = {
  'hash-max-listpack-entries': 512,
  'hash-max-listpack-value': 64,
  'list-compress-depth': 0,
  'list-max-listpack-size': -2,
  'set-max-intset-entries': 512,
  'set-max-listpack-entries': 128,
  'set-max-listpack-value': 64,
  'stream-node-max-bytes': 4096,
  'stream-node-max-entries': 100,
  'zset-max-listpack-entries': 128,
  'zset-max-listpack-value': 64,
};
