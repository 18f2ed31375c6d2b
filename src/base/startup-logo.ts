// The picture at the start of a log that goes to a terminal.

/** A few lines with the version, the port and the process's id. */
export function startupLogo(version: string, port: number, pid: number): string {
  const facts = [
    `Respite, as Redis ${version} (64 bit)`,
    'Running in standalone mode',
    `Port: ${port}`,
    `PID: ${pid}`,
  ];
  const picture = ['   ____   ', ' _|____|_ ', '| |    | |', '|_|____|_|'];
  return `\n${picture.map((row, i) => `     ${row}     ${facts[i]}\n`).join('')}\n`;
}
