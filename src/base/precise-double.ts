// Doubles with 17 significant digits, as C's `%.17g` writes them: the form that ZSCAN answers and digests are made of.
// Replies have a shorter one (numbers.ts).

const DIGITS = 17;
// Enough to tell a tie, which has one digit more than are asked for, from what only begins like one.
const EXACT_DIGITS = 60;

/** The text of a double; infinities are `inf` and `-inf`. */
export function preciseDouble(value: number): string {
  if (Number.isSafeInteger(value)) return value === 0 && 1 / value < 0 ? '-0' : String(value);
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [mantissa, exponentText] = roundedHalfEven(value).split('e') as [string, string];
  const exponent = Number(exponentText);
  const negative = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '');
  if (exponent < -4 || exponent >= DIGITS) {
    const point = digits.length > 1 ? '.' : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${negative}${digits[0]}${point}${digits.slice(1)}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${negative}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return `${negative}${whole}${fraction === '' ? '' : '.'}${fraction}`;
}

// JavaScript rounds a tie up, C to the even digit.
function roundedHalfEven(value: number): string {
  const exact = value.toExponential(EXACT_DIGITS - 1);
  const rounded = value.toExponential(DIGITS - 1);
  const at = exact.indexOf('.') + DIGITS;
  if (!/^50*e/.test(exact.slice(at))) return rounded;
  const isEven = Number(exact[at - 1]) % 2 === 0;
  return isEven ? exact.slice(0, at) + exact.slice(exact.indexOf('e')) : rounded;
}
