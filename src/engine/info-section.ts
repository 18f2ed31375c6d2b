// The seam through which every part of the server adds its lines to INFO.

import type { ServerParts } from './server-parts.ts';

export interface InfoSection {
  /** As INFO's argument names it, in lower case. */
  readonly name: string;
  /** As the heading shows it, without the `# `. */
  readonly title: string;
  /** Whether INFO without arguments shows it (`all` and `everything` show more). */
  readonly inDefault: boolean;
  /** Whether `INFO all` shows it. */
  readonly inAll: boolean;
  /** The fields in order: `name:value`. */
  fields(server: ServerParts): [name: string, value: string | number | bigint][];
}
