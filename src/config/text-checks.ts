// What the values of some string directives must look like. Each check gives the reference's error text or null.

/** A name without directories; `emptyAllowed` where the reference lets an empty one pass. */
export function checkFileName(
  directive: string,
  noun: string,
  name: string,
  emptyAllowed: boolean,
): string | null {
  if (name === '' && !emptyAllowed) return `${directive} can't be empty`;
  return /[/\\]/.test(name) ? `${directive} can't be a path, just a ${noun}` : null;
}

const HOSTNAME_LIMIT = 256;

export function checkHostname(name: string): string | null {
  if (name.length >= HOSTNAME_LIMIT) return `Hostnames must be less than ${HOSTNAME_LIMIT} characters`;
  return /^[A-Za-z0-9.-]*$/.test(name)
    ? null
    : 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}

export function checkNodeName(name: string): string | null {
  return /[!#$%&()*+:;<>?@[\]^{|}~]/.test(name)
    ? 'Announced human node name contained invalid character'
    : null;
}

/** The variables of a process title; true where one may be empty. */
const TITLE_VARIABLES: ReadonlyMap<string, boolean> = new Map([
  ['title', true],
  ['listen-addr', false],
  ['server-mode', true],
  ['config-file', false],
  ['port', false],
  ['tls-port', false],
  ['unixsocket', false],
]);

/** A process title: `{name}` is a variable, `{{` a brace. It must not be able to come out blank. */
export function checkTitleTemplate(template: string): string | null {
  const title = expandTitleTemplate(template, (name) => {
    const mayBeEmpty = TITLE_VARIABLES.get(name);
    if (mayBeEmpty === undefined) return null;
    return mayBeEmpty ? '' : name;
  });
  return title === null || title === '' ? 'template format is invalid or contains unknown variables' : null;
}

/**
 * Fills a process title template; `lookup` gives the text of a variable, or null for an unknown one. The blanks
 * around the result are cut off. Null when the template cannot be read or names an unknown variable.
 */
export function expandTitleTemplate(
  template: string,
  lookup: (name: string) => string | null,
): string | null {
  let title = '';
  for (let at = 0; at < template.length; ) {
    const open = template.indexOf('{', at);
    if (open < 0) {
      title += template.slice(at);
      break;
    }
    title += template.slice(at, open);
    if (template[open + 1] === '{') {
      title += '{';
      at = open + 2;
      continue;
    }
    const close = template.indexOf('}', open);
    const value = close < 0 ? null : lookup(template.slice(open + 1, close));
    if (value === null) return null;
    title += value;
    at = close + 1;
  }
  return title.replace(/^ +| +$/g, '');
}

/** A locale whose collation is known here: C and POSIX, or a language that the runtime's tables have. */
export function checkLocale(name: string): string | null {
  const [language = ''] = name.split(/[.@]/, 1);
  if (['', 'C', 'POSIX'].includes(language)) return null;
  const known =
    /^[a-z]{2,3}(_[A-Z]{2})?$/.test(language) &&
    Intl.Collator.supportedLocalesOf(language.replace('_', '-')).length > 0;
  return known ? null : 'Invalid locale name';
}

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const IPV6 = /^[\da-f:.]+$/i;

/** An address to listen on: an IP address, or `*` for all of this machine. */
export function checkAddress(address: string): string | null {
  const isAddress = address === '*' || IPV4.test(address) || (address.includes(':') && IPV6.test(address));
  return isAddress ? null : 'argument must be an IP address or *';
}
