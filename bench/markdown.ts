// Figures and tables as the reports write them. A figure that could not be taken is a dash, never a zero.

export function thousands(figure: number): string {
  return (figure / 1000).toFixed(1);
}

export function decimals(figure: number | null, places: number): string {
  return figure === null ? '–' : figure.toFixed(places);
}

export function ratioText(ratio: number | null): string {
  return ratio === null || !Number.isFinite(ratio) ? '–' : ratio.toFixed(2);
}

/** A target with its figure, as an item of a list; null is "not measured". */
export function targetLine(what: string, limit: number | null, figure: number | null): string {
  const wanted = limit === null ? what : `${what} ≤ ${limit.toFixed(2)}`;
  if (figure === null || limit === null) return `- [ ] ${wanted}: not measured`;
  // Judged as printed: a ratio shown as 1.00 meets a limit of 1.00.
  const met = Number(figure.toFixed(2)) <= limit;
  return `- [${met ? 'x' : ' '}] ${wanted}: ${met ? 'met' : 'not met'} (${figure.toFixed(2)})`;
}

/** A Markdown table padded to be read as plain text too: first column to the left, the others to the right. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, i) =>
    Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(heading), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}
