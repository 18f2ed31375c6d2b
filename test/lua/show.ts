// How the tests of Lua's libraries look at values: a script shows what a chunk returned as one text, on the real server
// and here alike. Numbers have 17 digits, tables their entries in the order of their texts.

/** Lua on one line, so that the chunk behind it is on line 1. Defines `show(value)` and `run(function)`. */
export const SHOW = [
  'local show',
  'show = function(v, d)',
  "d = d or 0 local t = type(v) if t == 'number' then if v ~= v then return 'nan' end return string.format('%.17g', v) end",
  "if t == 'nil' or t == 'boolean' then return tostring(v) end",
  `if t == 'string' then return '"' .. v .. '"' end`,
  "if t ~= 'table' then return t end if d > 20 then return '...' end",
  "local e = {} for k, x in pairs(v) do e[#e + 1] = '[' .. show(k, d + 1) .. ']=' .. show(x, d + 1) end",
  "table.sort(e) return '{' .. table.concat(e, ',') .. '}' end",
  'local function gather(ok, ...)',
  "if not ok then return 'error: ' .. show((...)) end",
  "local r = {} for i = 1, select('#', ...) do r[i] = show((select(i, ...))) end return table.concat(r, ' ') end",
  'local function run(f) return gather(pcall(f)) end',
  '',
].join(' ');

/** The script that answers with the text of what a chunk returns or throws. */
export function showing(chunk: string): string {
  return `${SHOW}return run(function() ${chunk} end)`;
}
