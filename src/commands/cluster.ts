// What clients of a cluster say of their connections. There is no cluster: a server by itself refuses them.

import { command } from '../engine/command-spec.ts';
import { CLUSTER_DISABLED } from '../resp/errors.ts';

const FACTS = {
  since: '3.0.0',
  group: 'cluster',
  complexity: 'O(1)',
  arity: 1,
  acl: ['connection'],
  run: refuse,
} as const;

export const asking = command({
  ...FACTS,
  name: 'asking',
  summary: 'Lets the next request reach a slot that is being imported.',
  flags: ['fast'],
});

export const readonly = command({
  ...FACTS,
  name: 'readonly',
  summary: 'Lets the connection read from a replica of a cluster.',
  flags: ['fast', 'loading', 'stale'],
});

export const readwrite = command({
  ...FACTS,
  name: 'readwrite',
  summary: 'Ends what READONLY has begun.',
  flags: ['fast', 'loading', 'stale'],
});

function refuse(): void {
  throw CLUSTER_DISABLED;
}
