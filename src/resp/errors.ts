// Every error text that a client can receive, once. The constants are made once and thrown as they are (a throw of a
// ready object costs a twentieth of `new Error`), the functions fill in what varies. The texts are Redis's.

import { untilZero } from '../base/bytes.ts';
import { fixedDecimal } from '../base/fixed-decimal.ts';

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
const quotedBack = (text: string, length = Number.POSITIVE_INFINITY) => untilZero(text).slice(0, length);
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
export const SCORE_NOT_A_NUMBER = err('resulting score is not a number (NaN)');
export const ZADD_XX_AND_NX = err('XX and NX options at the same time are not compatible');
export const ZADD_GT_LT_NX = err('GT, LT, and/or NX options at the same time are not compatible');
export const ZADD_INCR_PAIRS = err('INCR option supports a single increment-element pair');
export const SCORE_BOUND_NOT_FLOAT = err('min or max is not a float');
export const LEX_BOUND_INVALID = err('min or max not valid string range item');
export const LIMIT_WITHOUT_SORTBY = err(
  'syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
);
export const WITHSCORES_WITH_BYLEX = err('syntax error, WITHSCORES not supported in combination with BYLEX');
export const WEIGHT_NOT_FLOAT = err('weight value is not a float');
export const LIMIT_NEGATIVE = err("LIMIT can't be negative");
export const inputKeyNeeded = (fullName: string) =>
  err(`at least 1 input key is needed for '${fullName}' command`);
export const TOO_MANY_KEYS = err("Number of keys can't be greater than number of args");
export const HASH_VALUE_NOT_INTEGER = err('hash value is not an integer');
export const HASH_VALUE_NOT_FLOAT = err('hash value is not a float');
export const INCREMENT_NAN_OR_INFINITY = err('value is NaN or Infinity');
export const OFFSET_OUT_OF_RANGE = err('offset is out of range');
export const STRING_TOO_LONG = err('string exceeds maximum allowed size (proto-max-bulk-len)');
export const BIT_OFFSET = err('bit offset is not an integer or out of range');
export const BIT_NOT_0_OR_1 = err('bit is not an integer or out of range');
export const BITPOS_BIT = err('The bit argument must be 1 or 0.');
export const BITOP_NOT_KEYS = err('BITOP NOT must be called with a single source key.');
export const BITFIELD_TYPE = err(
  'Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
);
export const BITFIELD_OVERFLOW = err('Invalid OVERFLOW type specified');
export const BITFIELD_READONLY = err('BITFIELD_RO only supports the GET subcommand');
export const NOT_A_HYPERLOGLOG = new ReplyError('WRONGTYPE Key is not a valid HyperLogLog string value.');
export const CORRUPTED_HYPERLOGLOG = new ReplyError('INVALIDOBJ Corrupted HLL object detected');
export const KEY_DOES_NOT_EXIST = err('The specified key does not exist');
export const HYPERLOGLOG_NOT_SPARSE = err('HLL encoding is not sparse');
export const DISTANCE_UNIT = err('unsupported unit provided. please use M, KM, FT, MI');
export const RADIUS_NOT_NUMERIC = err('need numeric radius');
export const RADIUS_NEGATIVE = err('radius cannot be negative');
export const WIDTH_NOT_NUMERIC = err('need numeric width');
export const HEIGHT_NOT_NUMERIC = err('need numeric height');
export const BOX_NEGATIVE = err('height or width cannot be negative');
export const GEO_MEMBER = err('could not decode requested zset member');
export const COUNT_ABOVE_ZERO = err('COUNT must be > 0');
export const GEO_ANY_NEEDS_COUNT = err('the ANY argument requires COUNT argument');
export const LCS_NOT_STRINGS = err('The specified keys must contain string values');
export const LCS_LEN_AND_IDX = err('If you want both the length and indexes, please just use IDX.');
export const LCS_TOO_LARGE = err('Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
export const LCS_OUT_OF_MEMORY = err('Insufficient memory, failed allocating transient memory for LCS');
export const SORT_SCORES_NOT_FLOAT = err("One or more scores can't be converted into double");
export const NO_SUCH_KEY = err('no such key');
/** Redis says no more than this when the data set cannot be saved; the log knows why. */
export const SAVE_FAILED = new ReplyError('ERR');
export const SAVE_IN_PROGRESS = err('Background save already in progress');
export const OTHER_JOB_ACTIVE = err(
  "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
);
export const REWRITE_IN_PROGRESS = err('Background append only file rewriting already in progress');
export const REWRITE_FAILED = err(
  "Can't execute an AOF background rewriting. Please check the server logs for more information.",
);
export const RDB_WRITES_REFUSED = new ReplyError(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
);
export const aofWritesRefused = (reason: string) =>
  new ReplyError(`MISCONF Errors writing to the AOF file: ${reason}`);
export const LOAD_AOF_FAILED = err('Error trying to load the AOF files, check server logs.');
export const RELOAD_OPTIONS = err('DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
export const RELOAD_FAILED = err('Error trying to load the RDB dump, check server logs.');
export const MIGRATE_KEYS_AND_KEY = err(
  'When using MIGRATE KEYS option, the key argument must be set to the empty string',
);
export const MIGRATE_IN_MULTI = err('MIGRATE cannot wait for its target inside a transaction or script');
export const MIGRATE_CHANGED = new ReplyError(
  'TRYAGAIN Keys were changed while they were migrated and are still here. Migrate them again with REPLACE.',
);
export const migrateFailed = (what: 'connecting' | 'writing' | 'reading') =>
  new ReplyError(
    `IOERR error or timeout ${what} to ${what === 'connecting' ? 'the client' : 'target instance'}`,
  );
export const targetError = (line: string) => err(`Target instance replied with error: ${line}`);
export const BUSY_KEY = new ReplyError('BUSYKEY Target key name already exists.');
export const BAD_DATA_FORMAT = err('Bad data format');
export const DUMP_PAYLOAD_WRONG = err('DUMP payload version or checksum are wrong');
export const INVALID_TTL = err('Invalid TTL value, must be >= 0');
export const INVALID_IDLE_TIME = err('Invalid IDLETIME value, must be >= 0');
export const INVALID_FREQ = err('Invalid FREQ value, must be >= 0 and <= 255');
export const SAME_OBJECT = err('source and destination objects are the same');
export const INDEX_OUT_OF_RANGE = err('index out of range');
export const RANK_ZERO = err(
  "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
export const LPOS_COUNT_NEGATIVE = err("COUNT can't be negative");
export const LPOS_MAXLEN_NEGATIVE = err("MAXLEN can't be negative");
export const NUMKEYS_NOT_POSITIVE = err('numkeys should be greater than 0');
export const POP_COUNT_NOT_POSITIVE = err('count should be greater than 0');
export const NOT_A_LISTPACK = err('Not a listpack encoded object.');
export const NOT_A_QUICKLIST = err('Not a quicklist encoded object.');
export const REPLICA_TOUCHES_KEYSPACE = err("Replica can't interact with the keyspace");
export const READ_ONLY_REPLICA = new ReplyError("READONLY You can't write against a read only replica.");
export const SCRIPT_ON_READ_ONLY_REPLICA = new ReplyError(
  'READONLY Can not run script with write flag on readonly replica',
);
export const SCRIPT_ON_STALE_REPLICA = new ReplyError(
  "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set on the script.",
);
export const STALE_REPLICA = new ReplyError(
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
);
export const STALE_REPLICA_IN_SCRIPT = err('Can not execute the command on a stale replica');
export const INVALID_MASTER_PORT = err('Invalid master port');
export const REPLICA_CANNOT_COMMAND = err('Command is not valid when client is a replica.');
export const REPLICAOF_DURING_FAILOVER = err('REPLICAOF not allowed while failing over.');
export const NO_FAILOVER = err('No failover in progress.');
export const FAILOVER_TIMEOUT_NOT_POSITIVE = err('FAILOVER timeout must be greater than 0');
export const FAILOVER_IN_PROGRESS = err('FAILOVER already in progress.');
export const FAILOVER_OF_REPLICA = err('FAILOVER is not valid when server is a replica.');
export const FAILOVER_NEEDS_REPLICAS = err('FAILOVER requires connected replicas.');
export const FAILOVER_FORCE_NEEDS_TARGET = err(
  'FAILOVER with force option requires both a timeout and target HOST and IP.',
);
export const FAILOVER_TARGET_UNKNOWN = err('FAILOVER target HOST and PORT is not a replica.');
export const FAILOVER_TARGET_NOT_ONLINE = err('FAILOVER target replica is not online.');
export const MODULE_NOT_LOADED = err('Error loading the extension. Please check the server logs.');
export const moduleNotUnloaded = (reason: string) => err(`Error unloading module: ${reason}`);
export const MONITOR_WAITS_FOR_REPLY = err("MONITOR isn't allowed for DENY BLOCKING client");
export const noLatencySamples = (event: string) =>
  err(`No samples available for event '${quotedBack(event)}'`);
export const SYNC_WITH_PENDING_OUTPUT = err('SYNC and PSYNC are invalid with pending output');
export const SYNC_DURING_FAILOVER = new ReplyError("NOMASTERLINK Can't SYNC while failing over");
export const SYNC_WITHOUT_MASTER = new ReplyError(
  "NOMASTERLINK Can't SYNC while not connected with my master",
);
export const FAILOVER_TO_MASTER = err("PSYNC FAILOVER can't be sent to a master.");
export const FAILOVER_OTHER_ID = err('PSYNC FAILOVER replid must match my replid.');
export const BGSAVE_FAILED = err("BGSAVE failed, replication can't continue");
export const TOO_FEW_REPLICAS = new ReplyError('NOREPLICAS Not enough good replicas to write.');
export const WAIT_ON_REPLICA = err(
  'WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.',
);
export const WAITAOF_ON_REPLICA = err(
  'WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.',
);
export const WAITAOF_WITHOUT_AOF = err(
  'WAITAOF cannot be used when numlocal is set but appendonly is disabled.',
);
export const FILTER_NEEDS_MARKED_END = err('Filtered replica requires EOF capability');
export const MISSING_FILTER = err('Missing rdb-filter-only values');
export const unsupportedFilter = (name: string) =>
  err(`Unsupported rdb-filter-only option: ${quotedBack(name)}`);
export const unrecognizedReplconf = (name: string) =>
  err(`Unrecognized REPLCONF option: ${quotedBack(name)}`);
export const replicaAddressTooLong = (bytes: number) =>
  err(`REPLCONF ip-address provided by replica instance is too long: ${bytes} bytes`);
export const CLUSTER_DISABLED = err('This instance has cluster support disabled');
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
export const noCommandPermission = (user: string, fullName: string) =>
  new ReplyError(`NOPERM User ${user} has no permissions to run the '${fullName}' command`);
export const NO_KEY_PERMISSION = new ReplyError('NOPERM No permissions to access a key');
export const NO_CHANNEL_PERMISSION = new ReplyError('NOPERM No permissions to access a channel');
/** Rules have changed while a transaction was queued. */
export const noLongerPermitted = (reason: string) =>
  new ReplyError(
    `NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${reason}`,
  );
export const userNotFound = (name: string) => err(`User '${quotedBack(name)}' not found`);
export const commandNotFound = (name: string) => err(`Command '${quotedBack(name)}' not found`);
export const unknownCategory = (name: string) => err(`Unknown category '${quotedBack(name, CUT)}'`);
export const USER_NAME_CHARACTERS = err("Usernames can't contain spaces or null characters");
export const DEFAULT_USER_STAYS = err("The 'default' user cannot be removed");
export const NO_ACL_FILE = err(
  'This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.',
);
export const ACL_SAVE_FAILED = err(
  'There was an error trying to save the ACLs. Please check the server logs for more information',
);
export const GENPASS_BITS = err(
  'ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096',
);
export const SORT_BY_DENIED = err('BY option of SORT denied due to insufficient ACL permissions.');
export const SORT_GET_DENIED = err('GET option of SORT denied due to insufficient ACL permissions.');
export const WRONG_PASS = new ReplyError('WRONGPASS invalid username-password pair or user is disabled.');
export const NO_PASSWORD_SET = err(
  'AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
);
export const NO_PROTO = new ReplyError('NOPROTO unsupported protocol version');
export const LOADING = new ReplyError('LOADING Redis is loading the dataset in memory');
export const OUT_OF_MEMORY = new ReplyError("OOM command not allowed when used memory > 'maxmemory'.");
export const NO_SCRIPT = new ReplyError('NOSCRIPT No matching script. Please use EVAL.');
export const KEYS_NEGATIVE = err("Number of keys can't be negative");
export const NOT_BUSY = new ReplyError('NOTBUSY No scripts in execution right now.');
export const BUSY_SCRIPT = new ReplyError(
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
);
export const BUSY_FUNCTION = new ReplyError(
  'BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.',
);
export const UNKILLABLE = new ReplyError(
  'UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.',
);
// What scripts get as values of theirs, or end with, besides: the lines are wanted.
export const SCRIPT_KILLED = err('Script killed by user with SCRIPT KILL...');
export const SCRIPT_ABORTED = err('script aborted for user request');
export const FUNCTION_LOAD_TIMEOUT = err('FUNCTION LOAD timeout');
export const SCRIPT_RESULT_TOO_DEEP = err('reached lua stack limit');
export const CALL_WITHOUT_ARGUMENTS = err('Please specify at least one argument for this redis lib call');
export const CALL_ARGUMENT_TYPES = err('Lua redis lib command arguments must be strings or integers');
export const CALL_UNKNOWN = err('Unknown Redis command called from script');
export const CALL_ARITY = err('Wrong number of args calling Redis command from script');
export const CALL_NOT_ALLOWED = err('This Redis command is not allowed from script');
/** `error` is what a client would get. */
export const deniedInScript = (error: ReplyError) =>
  err(`ACL failure in script: ${error.line.replace(/^NOPERM /, '')}`);
export const CALL_WRITES = err('Write commands are not allowed from read-only scripts.');
export const CALL_NOT_UNDONE = err(
  'This command cannot be taken back, so that it runs in the debugger in sync mode only',
);
export const INVALID_SHEBANG = err('Invalid script shebang');
export const INVALID_SHEBANG_ENGINE = err('Invalid engine in script shebang');
export const unexpectedEngine = (engine: string) =>
  err(`Unexpected engine in script shebang: ${quotedBack(engine)}`);
export const unknownShebangOption = (option: string) =>
  err(`Unknown lua shebang option: ${quotedBack(option)}`);
export const unexpectedScriptFlag = (flag: string) =>
  err(`Unexpected flag in script shebang: ${quotedBack(flag)}`);
export const scriptNotCompiled = (message: string) =>
  err(`Error compiling script (new function): ${quotedBack(message)}`);
export const scriptInternalError = (name: string) => err(`internal error in script ${name}`);
export const SCRIPT_OUT_OF_MEMORY = new ReplyError(
  "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
);
export const SCRIPT_WRITES_IN_RO = err('Can not execute a script with write flag using *_ro command.');
export const SCRIPT_RDB_WRITES_REFUSED = new ReplyError(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Writable scripts are blocked. Use 'no-writes' flag for read only scripts.",
);
export const scriptAofWritesRefused = (reason: string) =>
  new ReplyError(
    `MISCONF Redis is configured to persist data to AOF, but it's currently unable to persist to disk. Writable scripts are blocked. Use 'no-writes' flag for read only scripts. AOF error: ${reason}`,
  );
export const SCRIPT_FLUSH_OPTION = err('SCRIPT FLUSH only support SYNC|ASYNC option');
export const SCRIPT_DEBUG_MODE = err('Use SCRIPT DEBUG YES/SYNC/NO');
export const SCRIPT_DEBUG_IN_PIPELINE = err('SCRIPT DEBUG must be called outside a pipeline');
export const EVALSHA_IN_DEBUGGER = err('Please use EVAL instead of EVALSHA for debugging');
export const FUNCTION_NOT_FOUND = err('Function not found');
export const BAD_KEY_COUNT = err('Bad number of keys provided');
export const LIBRARY_NOT_FOUND = err('Library not found');
export const FUNCTION_FLUSH_OPTION = err('FUNCTION FLUSH only supports SYNC|ASYNC option');
export const FUNCTION_CODE_MISSING = err('Function code is missing');
export const LIBRARY_NAME_MISSING = err('library name argument was not given');
export const RESTORE_POLICY = err(
  'Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
);
export const unknownFunctionOption = (option: string) => err(`Unknown option given: ${quotedBack(option)}`);
export const unknownFunctionArgument = (word: string) => err(`Unknown argument ${quotedBack(word)}`);
export const EXEC_ABORTED = new ReplyError('EXECABORT Transaction discarded because of previous errors.');
export const NESTED_MULTI = err('MULTI calls can not be nested');
/** What has to be answered at once, though the client does not get messages before the end of the transaction. */
export const SSUBSCRIBE_IN_MULTI = err("SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
/** `command` in full: `client|list`. */
export const notWhileSubscribed = (command: string) =>
  err(
    `Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
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
export const UNBLOCKED_BY_ROLE_CHANGE = new ReplyError(
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
);
export const REDIRECT_TWICE = err('A client can only redirect to a single other client');
export const REDIRECT_TARGET_MISSING = err('The client ID you want redirect to does not exist');
export const TRACKING_PREFIX_NEEDS_BCAST = err('PREFIX option requires BCAST mode to be enabled');
export const TRACKING_BCAST_SWITCH = err(
  "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
export const TRACKING_BCAST_WITH_OPT = err('OPTIN and OPTOUT are not compatible with BCAST');
export const TRACKING_OPTIN_AND_OPTOUT = err("You can't specify both OPTIN mode and OPTOUT mode");
export const TRACKING_OPT_SWITCH = err(
  "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
export const prefixOverlapsExisting = (prefix: string, existing: string) =>
  err(
    `Prefix '${quotedBack(prefix)}' overlaps with an existing prefix '${quotedBack(existing)}'. Prefixes for a single client must not overlap.`,
  );
export const prefixesOverlap = (prefix: string, other: string) =>
  err(
    `Prefix '${quotedBack(prefix)}' overlaps with another provided prefix '${quotedBack(other)}'. Prefixes for a single client must not overlap.`,
  );
export const CACHING_WITHOUT_TRACKING = err(
  'CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
);
export const CACHING_YES_NEEDS_OPTIN = err(
  'CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.',
);
export const CACHING_NO_NEEDS_OPTOUT = err(
  'CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.',
);
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
export const SHUTDOWN_DENIED = err("SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client");
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

export const INVALID_STREAM_ID = err('Invalid stream ID specified as stream command argument');
export const INVALID_START_ID = err('invalid start ID for the interval');
export const INVALID_END_ID = err('invalid end ID for the interval');
export const MAXLEN_AND_MINID = err(
  'syntax error, MAXLEN and MINID options at the same time are not compatible',
);
export const MAXLEN_NEGATIVE = err('The MAXLEN argument must be >= 0.');
export const TRIM_LIMIT_NEGATIVE = err('The LIMIT argument must be >= 0.');
export const LIMIT_WITHOUT_STRATEGY = err(
  'syntax error, LIMIT cannot be used without specifying a trimming strategy',
);
export const LIMIT_WITHOUT_TILDE = err('syntax error, LIMIT cannot be used without the special ~ option');
export const XTRIM_WITHOUT_STRATEGY = err('syntax error, XTRIM must be called with a trimming strategy');
export const XADD_ID_ZERO = err('The ID specified in XADD must be greater than 0-0');
export const XADD_ID_TOO_SMALL = err(
  'The ID specified in XADD is equal or smaller than the target stream top item',
);
export const STREAM_EXHAUSTED = err(
  'The stream has exhausted the last possible ID, unable to add more items',
);
export const STREAM_ENTRY_TOO_LARGE = err('Elements are too large to be stored');
export const GROUP_NEEDS_XREADGROUP = err(
  'The GROUP option is only supported by XREADGROUP. You called XREAD instead.',
);
export const NOACK_NEEDS_XREADGROUP = err(
  'The NOACK option is only supported by XREADGROUP. You called XREAD instead.',
);
export const GROUP_MISSING = err('Missing GROUP option for XREADGROUP');
/** `name` as it was given. */
export const blockInScript = (name: string) =>
  err(`${quotedBack(name)} command is not allowed with BLOCK option from scripts`);
export const DOLLAR_IN_XREADGROUP = err(
  'The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
);
export const GREATER_NEEDS_XREADGROUP = err(
  'The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
);
export const ENTRIES_READ_NEGATIVE = err('value for ENTRIESREAD must be positive or -1');
export const XGROUP_NEEDS_KEY = err(
  'The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
);
export const BUSY_GROUP = new ReplyError('BUSYGROUP Consumer Group name already exists');
export const ENTRIES_ADDED_NEGATIVE = err('entries_added must be positive');
export const XSETID_BELOW_GIVEN_DELETED = err(
  'The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
);
export const XSETID_BELOW_DELETED = err(
  'The ID specified in XSETID is smaller than current max_deleted_entry_id',
);
export const XSETID_BELOW_TOP = err('The ID specified in XSETID is smaller than the target stream top item');
export const ENTRIES_ADDED_BELOW_LENGTH = err(
  'The entries_added specified in XSETID is smaller than the target stream length',
);
export const CLAIM_IDLE_INVALID = err('Invalid IDLE option argument for XCLAIM');
export const CLAIM_TIME_INVALID = err('Invalid TIME option argument for XCLAIM');
export const CLAIM_RETRYCOUNT_INVALID = err('Invalid RETRYCOUNT option argument for XCLAIM');
export const COUNT_NOT_POSITIVE = err('COUNT must be > 0');
export const COUNT_TOO_HIGH = err('Insufficient memory, failed allocating transient memory, COUNT too high.');
export const minIdleTimeInvalid = (command: string) =>
  err(`Invalid min-idle-time argument for ${command.toUpperCase()}`);
export const unknownClaimOption = (option: string) =>
  err(`Unrecognized XCLAIM option '${quotedBack(option)}'`);
export const unbalancedStreams = (command: string, symbol: string) =>
  err(`Unbalanced '${command}' list of streams: for each stream key an ID or '${symbol}' must be specified.`);
export const noGroupForKey = (group: string, key: string) =>
  new ReplyError(`NOGROUP No such consumer group '${quotedBack(group)}' for key name '${quotedBack(key)}'`);
export const noKeyOrGroup = (key: string, group: string, where = '') =>
  new ReplyError(`NOGROUP No such key '${quotedBack(key)}' or consumer group '${quotedBack(group)}'${where}`);

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

export const rangeError = (low: number | bigint, high: number | bigint) =>
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

export const unknownPfdebugSubcommand = (subcommand: string) =>
  err(`Unknown PFDEBUG subcommand '${quotedBack(subcommand)}'`);

export const hyperLogLogTestFailed = (what: string) => err(`TESTFAILED ${what}`);

export const invalidPosition = (longitude: number, latitude: number) =>
  err(`invalid longitude,latitude pair ${fixedDecimal(longitude, 6)},${fixedDecimal(latitude, 6)}`);

/** `what` names the command or option that stores. */
export const geoStoreAndWith = (what: string) =>
  err(`${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);

export const geoCenterNeeded = (command: string) =>
  err(`exactly one of FROMMEMBER or FROMLONLAT can be specified for ${command}`);

export const geoAreaNeeded = (command: string) =>
  err(`exactly one of BYRADIUS and BYBOX can be specified for ${command}`);
