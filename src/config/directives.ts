// The table of all directives, in the order of redis.conf, and the types that follow from it. The rows are in
// directives-network.ts, directives-server.ts and directives-data.ts; adding a directive is adding a row there (and
// its lines in redis.conf: a test compares the two).

import type { AnyDirective } from './directive.ts';
import {
  appendOnlyDirectives,
  clusterDirectives,
  defragmentationDirectives,
  encodingDirectives,
  replicationDirectives,
  snapshotDirectives,
} from './directives-data.ts';
import { clientDirectives, networkDirectives, tlsDirectives } from './directives-network.ts';
import {
  generalDirectives,
  kernelDirectives,
  loadingDirectives,
  memoryDirectives,
  observabilityDirectives,
  scriptingDirectives,
  securityDirectives,
  shutdownDirectives,
} from './directives-server.ts';

export const DIRECTIVES = {
  ...networkDirectives,
  ...tlsDirectives,
  ...generalDirectives,
  ...securityDirectives,
  ...clientDirectives,
  ...memoryDirectives,
  ...snapshotDirectives,
  ...appendOnlyDirectives,
  ...loadingDirectives,
  ...replicationDirectives,
  ...clusterDirectives,
  ...scriptingDirectives,
  ...shutdownDirectives,
  ...observabilityDirectives,
  ...encodingDirectives,
  ...defragmentationDirectives,
  ...kernelDirectives,
} satisfies Record<string, AnyDirective>;

export type DirectiveName = keyof typeof DIRECTIVES;

/** The exposed value of every directive, by its name. */
export type ConfigValues = {
  readonly [Name in DirectiveName]: ReturnType<(typeof DIRECTIVES)[Name]['expose']>;
};

/** All names in the order of the table. */
export const DIRECTIVE_NAMES = Object.keys(DIRECTIVES) as DirectiveName[];
