-- One page of a view, in one of its orders, in one round trip. KEYS: 1 rev, 2 the view's index, 3 its `expiring`, 4 moving.
-- ARGV: order; score and id of `after` and of `before` ('' if not given), 'first' or 'last', how many, how many to pass over;
-- and the most to tell of one by one that have expired.
-- Returns the ids, each with its score, the position of the first, the length of the order, the total, and rev. The length
-- may still count what has expired since the last sweep, the total does not. 'MOVING': somebody is writing an expiry, so that
-- this order cannot be told.
local REV, INDEX, EXPIRING, MOVING = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local order, direction, count, offset = ARGV[1], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local rev = redis.call('GET', REV)
if not rev or not redis.call('ZSCORE', INDEX, '') or not redis.call('ZSCORE', EXPIRING, '') then return 'LOST' end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local gone = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', now, 'LIMIT', 0, 1000)
if #gone > 0 then
  redis.call('ZREM', INDEX, unpack(gone))
  redis.call('ZREM', EXPIRING, unpack(gone))
  -- The sweep tells of what it finds in the index of all tasks: of these nobody else will.
  if string.sub(INDEX, -6) == ':index' then
    local changes = (string.gsub(REV, 'rev$', 'changes'))
    local function tell(what)
      redis.call('PUBLISH', changes, string.format('%.0f', redis.call('INCR', changes)) .. ' ' .. what)
    end
    if #gone > tonumber(ARGV[9]) then tell('m') else for _, id in ipairs(gone) do tell('e' .. id) end end
  end
end

-- What the order goes over, and which way. `base` members come before its first task: the beacon of the index, which has
-- the lowest score, or what has expired. The beacon of `expiring` has the highest score, and stands behind its last task.
local expired = redis.call('ZCOUNT', EXPIRING, '-inf', now)
local set, rank, range, base = INDEX, 'ZREVRANK', 'ZREVRANGE', 0
local length = redis.call('ZCARD', INDEX) - 1
local total = length - expired
if order == 'OLDEST' then
  rank, range, base = 'ZRANK', 'ZRANGE', 1
elseif order == 'EXPIRING_SOON' then
  local moving = redis.call('SCARD', MOVING)
  if moving ~= 1 then return moving == 0 and 'LOST' or 'MOVING' end
  set, rank, range, base = EXPIRING, 'ZRANK', 'ZRANGE', expired
  length = redis.call('ZRANK', EXPIRING, '') - expired
  total = length
end

-- The position of a cursor, and the one behind it; the same, if its task is not there any more. The cursor is put where
-- it was for as long as it takes to ask, so that it stands right between others with its score.
local function position(score, id)
  local held = redis.call('ZSCORE', set, id)
  local there = held and tonumber(held) == tonumber(score)
  if not there then redis.call('ZADD', set, score, id) end
  local at = redis.call(rank, set, id) - base
  if not held then
    redis.call('ZREM', set, id)
  elseif not there then
    redis.call('ZADD', set, held, id)
    if (tonumber(held) > tonumber(score)) == (order == 'NEWEST') then at = at + 1 end
  end
  return math.max(at, 0), math.max(there and at + 1 or at, 0)
end

local from, to = offset, length
if ARGV[3] ~= '' then
  local _, behind = position(ARGV[2], ARGV[3])
  from = from + behind
end
if ARGV[5] ~= '' then to = math.min(to, (position(ARGV[4], ARGV[5]))) end
if direction == 'first' then to = math.min(to, from + count) else from = math.max(from, to - count) end

local ids = from < to and redis.call(range, set, from + base, to - 1 + base, 'WITHSCORES') or {}
return {ids, from, length, total, tonumber(rev)}
