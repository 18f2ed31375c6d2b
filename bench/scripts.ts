// The scripts that are measured. The pair of a job queue does what such queues do in a request: one adds a job with its
// options, the other moves a job to those that are worked on, takes a lock, trims the events, and returns all of it.

/** One command in a script. */
export const ONE_CALL = "return redis.call('GET', KEYS[1])";

/** A hundred thousand commands in a script. */
export const MANY_CALLS = "for i = 1, 100000 do redis.call('incr', KEYS[1]) end";

/** KEYS: id, jobs, wait, delayed, events, meta. ARGV: name, data, priority, delay, time. */
export const ADD_JOB = onOneLine(`
local prefix = KEYS[2]
local id = redis.call('INCR', KEYS[1])
local key = prefix .. ':' .. id
local paused = redis.call('HEXISTS', KEYS[6], 'paused') == 1
local options = cjson.encode({ attempts = 3, backoff = { type = 'exponential', delay = 1000 }, delay = tonumber(ARGV[4]) })
redis.call('HSET', key, 'name', ARGV[1], 'data', ARGV[2], 'opts', options, 'timestamp', ARGV[5],
  'delay', ARGV[4], 'priority', ARGV[3])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', 'event', 'added', 'jobId', id, 'name', ARGV[1])
local delay = tonumber(ARGV[4])
if delay > 0 then
  local score = (tonumber(ARGV[5]) + delay) * 4096 + bit.band(id, 4095)
  redis.call('ZADD', KEYS[4], score, id)
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', 'event', 'delayed', 'jobId', id, 'delay', delay)
elseif not paused then
  redis.call('LPUSH', KEYS[3], id)
  if redis.call('LLEN', KEYS[3]) > 1000 then redis.call('LTRIM', KEYS[3], 0, 999) end
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', 'event', 'waiting', 'jobId', id)
end
return tostring(id)
`);

/** KEYS: jobs, wait, active, delayed, events, meta. ARGV: token, lock time, time. */
export const MOVE_TO_ACTIVE = onOneLine(`
local prefix = KEYS[1]
local due = redis.call('ZRANGEBYSCORE', KEYS[4], 0, (tonumber(ARGV[3]) + 1) * 4096, 'LIMIT', 0, 10)
if #due > 0 then
  redis.call('ZREM', KEYS[4], unpack(due))
  for _, id in ipairs(due) do
    redis.call('LPUSH', KEYS[2], id)
    redis.call('HSET', prefix .. ':' .. id, 'delay', 0)
  end
end
local id = redis.call('RPOPLPUSH', KEYS[2], KEYS[3])
if not id then return { 0, 0 } end
local key = prefix .. ':' .. id
redis.call('SET', key .. ':lock', ARGV[1], 'PX', ARGV[2])
redis.call('HSET', key, 'processedOn', ARGV[3])
redis.call('HINCRBY', key, 'attempts', 1)
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
local job = redis.call('HGETALL', key)
local fields = {}
for i = 1, #job, 2 do fields[job[i]] = job[i + 1] end
redis.call('LREM', KEYS[3], -1, id)
redis.call('DEL', key .. ':lock', key)
redis.call('LPUSH', KEYS[2], id)
return { job, cmsgpack.pack({ fields.name, fields.attempts, id }) }
`);

// redis-benchmark repeats the request in its figures, which are a line.
function onOneLine(script: string): string {
  return script.trim().replace(/\s*\n\s*/g, ' ');
}
