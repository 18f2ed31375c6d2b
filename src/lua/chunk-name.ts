// How the name of a chunk is shown in messages.

const MAX_SHOWN = 60;
/** What a syntax error shows of it. */
export const MAX_SHOWN_IN_SYNTAX_ERROR = 80;

/** "@file" and "=name" without the sign; source text as [string "its first line..."]. */
export function chunkLabel(chunkName: string, max = MAX_SHOWN): string {
  if (chunkName[0] === '=') return chunkName.slice(1, max);
  if (chunkName[0] === '@') {
    const name = chunkName.slice(1);
    const room = max - " '...' ".length - 1;
    return name.length > room ? `...${name.slice(name.length - room)}` : name;
  }
  const line = /^[^\n\r]*/.exec(chunkName)![0];
  const room = max - ' [string "..."] '.length - 1;
  const shown = line.slice(0, room);
  return `[string "${shown}${shown.length < chunkName.length ? '...' : ''}"]`;
}
