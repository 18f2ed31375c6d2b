// The seam through which every part of the server adds its lines to INFO, and the text that comes of them.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import type { ServerParts } from './server-parts.ts';

export type InfoField = readonly [name: string, value: string | number | bigint];

export interface InfoSection {
  /** As INFO's argument names it, in lower case. */
  readonly name: string;
  /** Another such name. */
  readonly alias?: string;
  /** As the heading shows it, without the `# `. */
  readonly title: string;
  /** Whether INFO without arguments shows it (`all` and `everything` show more). */
  readonly inDefault: boolean;
  /** Whether `INFO all` shows it. */
  readonly inAll: boolean;
  /** The fields in order: `name:value`. */
  fields(server: ServerParts): readonly InfoField[];
}

/** The text of INFO for the names that were asked for, none meaning the default. A name of no section adds nothing. */
export function infoText(server: ServerParts, names: readonly string[]): string {
  const asked = new Set(names.length === 0 ? ['default'] : names.map(lowerCaseLatin1));
  const all = asked.has('all') || asked.has('everything');
  return server.infoSections
    .filter(
      ({ name, alias, inDefault, inAll }) =>
        asked.has(name) ||
        (alias !== undefined && asked.has(alias)) ||
        (all && inAll) ||
        (asked.has('default') && inDefault),
    )
    .map((section) => sectionText(section, server))
    .join('\r\n');
}

function sectionText(section: InfoSection, server: ServerParts): string {
  const lines = section.fields(server).map(([name, value]) => `${name}:${value}\r\n`);
  return `# ${section.title}\r\n${lines.join('')}`;
}

/** A name that clients chose, fit to stand in a line of INFO. */
export function safeInfoName(name: string): string {
  return name.replace(/[#:\n\r]/g, '_');
}
