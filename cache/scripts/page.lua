-- One page of a view, newest first, in one round trip. KEYS: 1 rev, 2 the view's index, 3 its `expiring`.
-- ARGV: score and id of `after` and of `before` ('' if not given), 'first' or 'last', how many, how many to pass over.
-- Returns the ids, the score of the first and of the last, the position of the first, the length of the view, the total,
-- and rev. The length still counts what has expired since the last sweep, the total does not.
local REV, INDEX, EXPIRING = KEYS[1], KEYS[2], KEYS[3]
local direction, count, offset = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local rev = redis.call('GET', REV)
if not rev or not redis.call('ZSCORE', INDEX, '') or not redis.call('ZSCORE', EXPIRING, '') then return 'LOST' end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local gone = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', now, 'LIMIT', 0, 1000)
if #gone > 0 then
  redis.call('ZREM', INDEX, unpack(gone))
  redis.call('ZREM', EXPIRING, unpack(gone))
end

-- The position of a cursor, and the one after it; the same, if its task is not there.
local function position(score, id)
  local held = redis.call('ZSCORE', INDEX, id)
  if held and tonumber(held) ~= tonumber(score) then
    local newer = redis.call('ZCOUNT', INDEX, '(' .. score, '+inf')
    return newer, newer
  end
  if not held then redis.call('ZADD', INDEX, score, id) end
  local rank = redis.call('ZREVRANK', INDEX, id)
  if held then return rank, rank + 1 end
  redis.call('ZREM', INDEX, id)
  return rank, rank
end

-- The beacon has the lowest score, so that it stands behind the last task and moves no position.
local length = redis.call('ZCARD', INDEX) - 1
local from, to = offset, length
if ARGV[2] ~= '' then
  local _, behind = position(ARGV[1], ARGV[2])
  from = from + behind
end
if ARGV[4] ~= '' then to = math.min(to, (position(ARGV[3], ARGV[4]))) end
if direction == 'first' then to = math.min(to, from + count) else from = math.max(from, to - count) end

local ids, first, last = {}, '', ''
if from < to then
  ids = redis.call('ZREVRANGE', INDEX, from, to - 1)
  first = redis.call('ZSCORE', INDEX, ids[1])
  last = redis.call('ZSCORE', INDEX, ids[#ids])
end
local total = length - redis.call('ZCOUNT', EXPIRING, '-inf', now)
return {ids, first, last, from, length, total, tonumber(rev)}
