// Every error text that a client can receive, once. The constants are made once and thrown as they are (a throw of a
// ready object costs a twentieth of `new Error`), the functions fill in what varies. The texts are Redis's.

/** A reply error: thrown by a handler, caught by `engine/call`, answered to the client. `line` has no `-` and no CRLF. */
export class ReplyError {
  readonly line: string;

  constructor(line: string) {
    // A line break in an argument that is quoted back would break the protocol.
    this.line = /[\r\n]/.test(line) ? line.replace(/[\r\n]/g, ' ') : line;
  }

  /** The first word: what INFO errorstats counts by. */
  get code(): string {
    const space = this.line.indexOf(' ');
    return space < 0 ? this.line : this.line.slice(0, space);
  }
}

// What a client sent, in an error: up to its first zero byte, and where Redis says so not too much of it.
const quotedBack = (text: string, length = Number.POSITIVE_INFINITY) =>
  text.split('\0', 1)[0]!.slice(0, length);
const CUT = 128;

const err = (text: string) => new ReplyError(`ERR ${text}`);

export const SYNTAX = err('syntax error');
export const WRONG_TYPE = new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value');
export const NOT_INTEGER = err('value is not an integer or out of range');
export const NOT_FLOAT = err('value is not a valid float');
export const OUT_OF_RANGE = err('value is out of range');
export const NOT_POSITIVE = err('value is out of range, must be positive');
export const OVERFLOW = err('increment or decrement would overflow');
export const DECREMENT_OVERFLOW = err('decrement would overflow');
export const NAN_OR_INFINITY = err('increment would produce NaN or Infinity');
export const OFFSET_OUT_OF_RANGE = err('offset is out of range');
export const STRING_TOO_LONG = err('string exceeds maximum allowed size (proto-max-bulk-len)');
export const LCS_NOT_STRINGS = err('The specified keys must contain string values');
export const LCS_LEN_AND_IDX = err('If you want both the length and indexes, please just use IDX.');
export const LCS_TOO_LARGE = err('Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
export const LCS_OUT_OF_MEMORY = err('Insufficient memory, failed allocating transient memory for LCS');
export const NO_SUCH_KEY = err('no such key');
export const SAME_OBJECT = err('source and destination objects are the same');
export const INDEX_OUT_OF_RANGE = err('index out of range');
export const INVALID_DB_INDEX = err('invalid DB index');
export const DB_OUT_OF_RANGE = err('DB index is out of range');
export const INVALID_CURSOR = err('invalid cursor');
export const INVALID_FIRST_DB_INDEX = err('invalid first DB index');
export const INVALID_SECOND_DB_INDEX = err('invalid second DB index');
export const EXPIRE_NX_AND_OTHERS = err('NX and XX, GT or LT options at the same time are not compatible');
export const EXPIRE_GT_AND_LT = err('GT and LT options at the same time are not compatible');
export const IDLE_TIME_NOT_TRACKED = err(
  'An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
);
export const FREQUENCY_NOT_TRACKED = err(
  'An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
);
export const NO_AUTH = new ReplyError('NOAUTH Authentication required.');
export const WRONG_PASS = new ReplyError('WRONGPASS invalid username-password pair or user is disabled.');
export const NO_PASSWORD_SET = err(
  'AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
);
export const NO_PROTO = new ReplyError('NOPROTO unsupported protocol version');
export const LOADING = new ReplyError('LOADING Redis is loading the dataset in memory');
export const OUT_OF_MEMORY = new ReplyError("OOM command not allowed when used memory > 'maxmemory'.");
export const EXEC_ABORTED = new ReplyError('EXECABORT Transaction discarded because of previous errors.');
export const NESTED_MULTI = err('MULTI calls can not be nested');
export const EXEC_WITHOUT_MULTI = err('EXEC without MULTI');
export const DISCARD_WITHOUT_MULTI = err('DISCARD without MULTI');
export const WATCH_IN_MULTI = err('WATCH inside MULTI is not allowed');
/** EXEC itself was refused by a gate: it ends the transaction, and names the gate's error (without a leading `ERR`). */
export const execAbortedBy = (error: ReplyError) =>
  new ReplyError(`EXECABORT Transaction discarded because of: ${error.line.replace(/^ERR /, '')}`);
export const NOT_IN_TRANSACTION = err('Command not allowed inside a transaction');
export const NO_SUCH_CLIENT = err('No such client');
export const INVALID_CLIENT_ID = err('Invalid client ID');
export const CLIENT_ID_NOT_POSITIVE = err('client-id should be greater than 0');
export const CLIENT_NAME_CHARACTERS = err(
  'Client names cannot contain spaces, newlines or special characters.',
);
export const PAUSE_MODE = err('CLIENT PAUSE mode must be WRITE or ALL');
export const UNBLOCKED = new ReplyError('UNBLOCKED client unblocked via CLIENT UNBLOCK');
export const UNBLOCK_REASON = err('CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
export const RESET_NOT_NORMAL = err('can only reset normal client connections');
export const PROTOCOL_NOT_INTEGER = err('Protocol version is not an integer or out of range');
export const HELLO_NO_AUTH = new ReplyError(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
);
export const unknownClientType = (type: string) => err(`Unknown client type '${quotedBack(type)}'`);
export const TIMEOUT_NOT_INTEGER = err('timeout is not an integer or out of range');
export const TIMEOUT_OUT_OF_RANGE = err('timeout is out of range');
export const TIMEOUT_NOT_FLOAT = err('timeout is not a float or out of range');
export const TIMEOUT_NEGATIVE = err('timeout is negative');
export const SHUTDOWN_FAILED = err('Errors trying to SHUTDOWN. Check logs.');
export const NO_SHUTDOWN = err('No shutdown in progress.');
export const PERMISSION_DENIED_MAX_CLIENTS = err('max number of clients reached');
export const NO_CONFIG_FILE = err('The server is running without a config file');
export const INVALID_COMMAND = err('Invalid command specified');
export const INVALID_COMMAND_ARGUMENTS = err('Invalid arguments specified for command');
export const NO_KEY_ARGUMENTS = err('The command has no key arguments');
export const INVALID_ARGUMENT_COUNT = err('Invalid number of arguments specified for command');
export const COUNT_BELOW_MINUS_ONE = err('count should be greater than or equal to -1');
export const PACKED_THRESHOLD = err('argument must be a memory value bigger than 1 and smaller than 4gb');
export const PUSH_NEEDS_RESP3 = err('RESP2 is not supported by this command');
export const WRONG_PROTOCOL_TYPE = err(
  'Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
);
export const DB_NUMBER_OUT_OF_RANGE = err('Out of range database');
export const NOT_A_HASH_TABLE = err(
  'The value stored at the specified key is not represented using an hash table',
);
export const TABLE_TOO_LARGE = err('OOM in dictTryExpand');

export const PROTECTED_MODE_DENIED = new ReplyError(
  "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.",
);

/** A reason that is made where it is found (a configuration value, a file error): `ERR <reason>`. */
export const failure = (reason: string) => err(reason);

export const wrongArity = (fullName: string) => err(`wrong number of arguments for '${fullName}' command`);

/** `name` and `args` are quoted back as received, cut as Redis cuts them. */
export const unknownCommand = (name: string, args: readonly string[]) => {
  let quoted = '';
  for (const arg of args) {
    if (quoted.length >= CUT) break;
    quoted += `'${quotedBack(arg, CUT - quoted.length)}' `;
  }
  return err(`unknown command '${quotedBack(name, CUT)}', with args beginning with: ${quoted}`);
};

export const unknownSubcommand = (subcommand: string, container: string) =>
  err(`unknown subcommand '${quotedBack(subcommand, CUT)}'. Try ${container.toUpperCase()} HELP.`);

export const syntaxOfSubcommand = (subcommand: string, container: string) =>
  err(
    `unknown subcommand or wrong number of arguments for '${quotedBack(subcommand, CUT)}'. Try ${container.toUpperCase()} HELP.`,
  );

export const invalidExpire = (command: string) => err(`invalid expire time in '${command}' command`);

export const rangeError = (low: number, high: number) =>
  err(`value is out of range, value must between ${low} and ${high}`);

export const noSuchUser = (name: string) => err(`No such user '${quotedBack(name)}'`);

export const unrecognizedOption = (option: string) => err(`Unrecognized option '${quotedBack(option)}'`);

export const clientAttributeCharacters = (attribute: string) =>
  err(`${attribute} cannot contain spaces, newlines or special characters.`);

export const helloOption = (option: string) => err(`Syntax error in HELLO option '${quotedBack(option)}'`);

export const unsupportedOption = (option: string) => err(`Unsupported option ${quotedBack(option)}`);

export const protocolError = (reason: string) => err(`Protocol error: ${reason}`);

export const unknownDirective = (name: string) =>
  err(`Unknown option or number of arguments for CONFIG SET - '${quotedBack(name)}'`);

export const configSetFailed = (name: string, reason: string) =>
  err(`CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);

export const configRewriteFailed = (reason: string) => err(`Rewriting config file: ${reason}`);

export const notEnabled = (command: string, directive: string) =>
  err(
    `${command.toUpperCase()} command not allowed. If the ${directive} option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`,
  );
