// Between byte strings (latin1, one character per byte), which is what the server works with, and text for people: lines
// of a log, names in other programs' formats.

/** What a byte string says when it is read as UTF-8; itself where it is not valid UTF-8. Text that is no byte string stays. */
export function textFromBytes(bytes: string): string {
  if (!/[^\0-\x7f]/.test(bytes) || /[^\0-\xff]/.test(bytes)) return bytes;
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

/** The bytes of a line to be written: those of a byte string as they are, other text in UTF-8. */
export function outputBytes(text: string): Buffer {
  return Buffer.from(text, /[^\0-\xff]/.test(text) ? 'utf8' : 'latin1');
}
