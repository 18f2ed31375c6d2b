// Doubles with so many digits after the point, as C's `%.Nf` writes them: the exact value, rounded half to even.

const EXPONENT_FROM = 1e21;

/** The text of a double with `digits` digits after the point, 1 to 99; infinities are `inf` and `-inf`. */
export function fixedDecimal(value: number, digits: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return `-${fixedDecimal(0, digits)}`;
  if (Math.abs(value) >= EXPONENT_FROM) return `${BigInt(value)}.${'0'.repeat(digits)}`;
  const rounded = value.toFixed(digits);
  // JavaScript rounds a tie away from zero. In a tie there is one more digit, a 5, and so one more bit, a 1.
  const isTie = Number.isInteger(value * 2 ** (digits + 1)) && !Number.isInteger(value * 2 ** digits);
  const isOdd = (rounded.charCodeAt(rounded.length - 1) & 1) === 1;
  return isTie && isOdd ? value.toFixed(digits + 1).slice(0, -1) : rounded;
}

/** As `fixedDecimal` with 17 digits, less the zeros at the end; never `-0`. What Redis calls human. */
export function humanDecimal(value: number): string {
  const text = fixedDecimal(value, 17);
  if (text.indexOf('.') < 0) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0x30) end--;
  if (text.charCodeAt(end - 1) === 0x2e) end--;
  const trimmed = text.slice(0, end);
  return trimmed === '-0' ? '0' : trimmed;
}
