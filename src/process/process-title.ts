// The title of the process, as ps shows it: proc-title-template filled with what the configuration says now.

import type { Config } from '../config/config.ts';
import { expandTitleTemplate } from '../config/text-checks.ts';

const NAME = 'respite';

export function processTitle(config: Config): string {
  const { values } = config;
  const { port, unixsocket } = values;
  const tlsPort = values['tls-port'];
  const variables: Readonly<Record<string, string>> = {
    title: NAME,
    'listen-addr':
      port === 0 && tlsPort === 0
        ? `unixsocket:${unixsocket}`
        : `${values.bind[0] ?? '*'}:${port === 0 ? tlsPort : port}`,
    'server-mode': '',
    port: String(port),
    'tls-port': String(tlsPort),
    unixsocket,
    'config-file': config.configFile ?? '-',
  };
  return expandTitleTemplate(values['proc-title-template'], (name) => variables[name] ?? null) ?? NAME;
}
