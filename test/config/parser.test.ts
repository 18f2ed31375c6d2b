// Reading files: grammar, includes, repeated lines, reports of mistakes. Reports were observed on the reference.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { ConfigFileError, loadConfig } from '../../src/config/parser.ts';
import { bench } from './support.ts';

const report = (line: number, text: string, reason: string): string =>
  `\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nReading the configuration file, at line ${line}\n>>> '${text}'\n${reason}\n`;

describe('grammar', () => {
  it('reads names in any case, quotes, escapes, comments and blank lines', () => {
    const { config, load, write } = bench();
    const text =
      '# comment\r\n\n  PORT \t 7000  \r\n\trequirepass "a\\x41\\n \\"q\\""\nmasterauth \'it\\\'s "so"\'\n   # more\nlogfile ""';
    load({ file: write('a.conf', text) });
    expect(config.values).toMatchObject({ port: 7000, requirepass: 'aA\n "q"', masterauth: 'it\'s "so"' });
  });

  it('takes aliases, and forgets directives of older versions', () => {
    const { config, load, write } = bench();
    load({
      file: write('a.conf', 'slave-priority 7\nlua-time-limit 9\nlist-max-ziplist-entries 3\nslaveof h 12'),
    });
    expect(config.values).toMatchObject({
      'replica-priority': 7,
      'busy-reply-threshold': 9,
      replicaof: { host: 'h', port: 12 },
    });
  });

  it('takes the words of a many-worded directive one by one or in one argument', () => {
    const { config, load, write } = bench();
    load({ file: write('a.conf', 'bind "127.0.0.1 ::1"\nshutdown-on-sigint save now\nsave "60 1"') });
    expect(config.values.bind).toEqual(['127.0.0.1', '::1']);
    expect(config.text('shutdown-on-sigint')).toBe('save now');
    expect(config.text('save')).toBe('60 1');
  });

  it('hides what follows a zero byte, to the end of the line and with it', () => {
    const { config, load, write } = bench();
    load({ file: write('a.conf', 'port 70\0junk\n01\nhz 5\n') });
    expect(config.values).toMatchObject({ port: 7001, hz: 5 });
  });

  it.each([
    ['foo bar', 'Bad directive or wrong number of arguments'],
    ['include', 'Bad directive or wrong number of arguments'],
    ['rename-command get', 'Bad directive or wrong number of arguments'],
    ['lua-replicate-commands 3 4', 'Bad directive or wrong number of arguments'],
    ['port "21871', 'Unbalanced quotes in configuration line'],
    ['port "21871"x', 'Unbalanced quotes in configuration line'],
    ['port', 'wrong number of arguments'],
    ['port 1 2', 'wrong number of arguments'],
    ['hz   abc', "argument couldn't be parsed into an integer"],
    ['unixsocketperm 8', "argument couldn't be parsed as an octal number"],
    ['unixsocketperm 1000', 'argument must be between 0 and 777 inclusive'],
    ['replicaof a x', 'Invalid master port'],
    ['dir /nope', 'No such file or directory'],
    ['save 1', 'Invalid save parameters'],
    ['appendfilename ""', "appendfilename can't be empty"],
    ['appenddirname a/b', "appenddirname can't be a path, just a dirname"],
    ['foo.bar', 'Module config specified without value'],
    ['sentinel monitor x', 'sentinel directive while not in sentinel mode'],
    ['sentinel', 'Sentinel mode is not supported'],
    ['loadmodule x.so', 'Modules are not supported: loadmodule cannot be used'],
  ])('reports %s', (line, reason) => {
    const { loadError, write } = bench();
    expect(loadError({ file: write('a.conf', `tcp-backlog 511\n  ${line} \n`) })).toBe(
      report(2, line, reason),
    );
  });

  it('reports what concerns no line without one', () => {
    const { loadError, write } = bench();
    const head = '\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n';
    expect(loadError({ file: write('a.conf', 'logfile /nope/x') })).toBe(
      `${head}Can't open the log file: No such file or directory\n`,
    );
    expect(loadError({ file: write('a.conf', 'logfile ""\ncluster-enabled yes\nreplicaof a 1') })).toBe(
      `${head}replicaof directive not allowed in cluster mode\n`,
    );
  });

  it('refuses module settings at the end', () => {
    const { loadError, write } = bench();
    expect(loadError({ file: write('a.conf', 'foo.bar x\nhz 11') })).toMatch(
      /^Module Configuration detected/,
    );
  });

  it('has one database in a cluster', () => {
    const { config, load, said, write } = bench();
    load({ file: write('a.conf', 'cluster-enabled yes') });
    expect(config.values.databases).toBe(1);
    expect(said[0]).toBe('WARNING: Changing databases number from 16 to 1 since we are in cluster mode');
  });
});

describe('repeated lines', () => {
  it('adds save points up, from the first line on, and clears them at ""', () => {
    const one = bench();
    one.load({ file: one.write('a.conf', 'save 7 7\nsave 8 8 9 9') });
    expect(one.config.text('save')).toBe('7 7 8 8 9 9');
    const two = bench();
    two.load({ file: two.write('a.conf', 'save 7 7\nsave ""\nsave 9 9') });
    expect(two.config.text('save')).toBe('9 9');
    const three = bench();
    three.load({ file: three.write('a.conf', 'save ""') });
    expect(three.config.values.save).toEqual([]);
  });

  it('stops adding save points up behind an included file, as the reference does', () => {
    const { config, load, write } = bench();
    write('inc.conf', 'save 9 9\n');
    load({ file: write('a.conf', 'save 7 7\ninclude inc.conf\nsave 1 1\nsave 2 2\n') });
    expect(config.text('save')).toBe('2 2');
  });

  it('merges the classes of client-output-buffer-limit, and takes the last of most others', () => {
    const { config, load, write } = bench();
    const text =
      'client-output-buffer-limit normal 1 1 1 pubsub 2 2 2\nclient-output-buffer-limit replica 3 3 3\n';
    load({ file: write('a.conf', `${text}bind a\nbind b\nhz 3\nhz 4`) });
    expect(config.text('client-output-buffer-limit')).toBe('normal 1 1 1 slave 3 3 3 pubsub 2 2 2');
    expect(config.values).toMatchObject({ bind: ['b'], hz: 4 });
  });

  it('collects renamed commands and users', () => {
    const { config, load, write } = bench();
    load({
      file: write('a.conf', 'rename-command DEBUG ""\nrename-command get fetch\nuser bob on >pw ~* +@all'),
    });
    expect(config.renamedCommands).toEqual([
      ['DEBUG', ''],
      ['get', 'fetch'],
    ]);
    expect(config.userLines).toEqual([['bob', 'on', '>pw', '~*', '+@all']]);
  });

  it('lets the caller check them', () => {
    const { config, runtime, write } = bench();
    const file = write('a.conf', 'rename-command nope x');
    const load = () =>
      loadConfig(
        config,
        runtime.files,
        { file },
        { renameCommand: () => 'No such command in rename-command' },
      );
    expect(load).toThrow(ConfigFileError);
    expect(config.renamedCommands).toEqual([]);
  });
});

describe('include', () => {
  it('reads a file in place, and reports mistakes by its own lines', () => {
    const { config, load, loadError, write } = bench();
    write('inc.conf', 'hz 5\nport 1\n');
    load({ file: write('a.conf', 'hz 3\ninclude inc.conf\nport 2\n') });
    expect(config.values).toMatchObject({ hz: 5, port: 2 });
    write('inc.conf', '\n\nbogus\n');
    expect(loadError({ file: write('a.conf', 'include inc.conf') })).toBe(
      report(3, 'bogus', 'Bad directive or wrong number of arguments'),
    );
  });

  it('looks for files in the directory that dir has set by then', () => {
    const { config, folder, load, write } = bench();
    mkdirSync(join(folder, 'sub'));
    write('sub/inc.conf', 'hz 77\n');
    load({ file: write('a.conf', 'dir sub\ninclude inc.conf\n') });
    expect(config.values).toMatchObject({ hz: 77, dir: join(folder, 'sub') });
  });

  it('reads all files of a pattern as one text, sorted', () => {
    const { config, folder, load, write } = bench();
    mkdirSync(join(folder, 'conf.d'));
    write('conf.d/b.conf', 'hz 2\n');
    write('conf.d/a.conf', 'hz 1\nport 11\n');
    write('conf.d/c.txt', 'hz 3\n');
    write('conf.d/.d.conf', 'hz 4\n');
    load({ file: write('a.conf', 'include conf.d/*.conf\n') });
    expect(config.values).toMatchObject({ hz: 2, port: 11 });
  });

  it.each([
    ['conf.?/[ab]x*.conf', 'ax1 bx2'],
    ['conf.d/[!a]x?.conf', 'bx2'],
    ['conf.d/[a-b]x[0-9].conf', 'ax1 bx2'],
    ['*/ax1.conf', 'ax1'],
    ['conf.d/[[:lower:]]x[^12].conf', ''],
    ['./conf.d//[b-]x[[:digit:]]*', 'bx2'],
    ['conf.d/[]a]x*', 'ax1'],
    ['conf.d/[ax*', ''],
    ['conf.d/[]*', ''],
    ['conf.d/[z-a]*', ''],
    ['conf.d/\\ax*.conf', 'ax1'],
    ['conf.d/*', 'ax1 bx2'],
  ])('matches %s', (pattern, names) => {
    const { config, folder, load, write } = bench();
    mkdirSync(join(folder, 'conf.d'));
    for (const name of ['ax1', 'bx2']) write(`conf.d/${name}.conf`, `rename-command ${name} ""\n`);
    load({ options: `include ${pattern}` });
    expect(config.renamedCommands.map(([name]) => name).join(' ')).toBe(names);
  });

  it('ignores a pattern that matches nothing, and reports a missing file', () => {
    const { load, loadError, write } = bench();
    load({ file: write('a.conf', 'include nope/*.conf\ninclude nope?\n') });
    expect(loadError({ file: write('a.conf', 'include nope.conf') })).toBe(
      "Fatal error, can't open config file 'nope.conf': No such file or directory",
    );
  });

  it('reports files that include each other for ever', () => {
    const { loadError, write } = bench();
    expect(loadError({ file: write('a.conf', 'include a.conf') })).toMatch(/included too deeply\n$/);
  });
});

describe('sources', () => {
  it('reads the file, then standard input, then the options', () => {
    const { config, load, said, write } = bench();
    load({
      file: write('a.conf', 'hz 1\nport 1\ntimeout 1'),
      stdin: '\nport 2\ntimeout 2\n',
      options: 'timeout "3" ',
    });
    expect(config.values).toMatchObject({ hz: 1, port: 2, timeout: 3 });
    expect(said).toEqual(['Reading config from stdin']);
  });

  it('keeps the absolute path of the file, and reports one that is missing by it', () => {
    const { config, folder, load, loadError, write } = bench();
    write('a.conf', '');
    load({ file: 'a.conf' });
    expect(config.configFile).toBe(join(folder, 'a.conf'));
    expect(loadError({ file: 'nope.conf' })).toBe(
      `Fatal error, can't open config file '${join(folder, 'nope.conf')}': No such file or directory`,
    );
  });

  it('reads a directory as an empty file', () => {
    const { folder, load } = bench();
    expect(() => load({ file: folder })).not.toThrow();
  });

  it('keeps what it has to say until there is a log', () => {
    const { folder, runtime, write } = bench();
    const config = new Config(runtime, folder);
    loadConfig(config, runtime.files, {
      file: write('a.conf', 'cluster-require-full-coverage no\ncluster-slave-no-failover yes'),
    });
    const said: string[] = [];
    config.attachLog((level, text) => said.push(`${level}: ${text}`));
    expect(said).toEqual([
      'warning: Accepted, but without effect yet: cluster-require-full-coverage, cluster-replica-no-failover',
    ]);
  });
});
