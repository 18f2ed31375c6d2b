// The classes of characters that `%a`, `%d`, … name in patterns: those of the C locale, so bytes above 127 are in none but
// the negated ones.

/** By the letter behind the `%`, a set of 256 bytes, 1 for a member; an upper-case letter names what is not in the class. */
export const CHARACTER_CLASSES: Readonly<Record<string, Uint8Array>> = bothCases({
  a: ['AZ', 'az'],
  c: ['\0\x1f', '\x7f\x7f'],
  d: ['09'],
  l: ['az'],
  p: ['!/', ':@', '[`', '{~'],
  s: ['\t\r', '  '],
  u: ['AZ'],
  w: ['09', 'AZ', 'az'],
  x: ['09', 'AF', 'af'],
  z: ['\0\0'],
});

/** Makes sets of ranges, and their opposites. */
function bothCases(ranges: Readonly<Record<string, readonly string[]>>): Record<string, Uint8Array> {
  const classes: Record<string, Uint8Array> = Object.create(null);
  for (const [letter, pairs] of Object.entries(ranges)) {
    const members = new Uint8Array(256);
    for (const pair of pairs) members.fill(1, pair.charCodeAt(0), pair.charCodeAt(1) + 1);
    classes[letter] = members;
    classes[letter.toUpperCase()] = members.map((member) => 1 - member);
  }
  return classes;
}
