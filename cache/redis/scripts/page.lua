-- P1, R2, R3. One page of a view in one of its orders. KEYS: rev, the view's index, its `expiring` set, moving, the prefix of
-- the keys of entries.
-- ARGV: order; score and id of `after` and of `before` ('' if not given); 'first' or 'last'; count; offset; the most expired
-- ids with an event each; the token and the lifetime (ms) of a lease; '1' if the reader knows the outcomes of earlier bulk
-- creates; the shape and the key of a declared view, whose sets are used in place of the two in KEYS ('' for a base view).
-- Returns the ids with their scores, the rank of the first, the length of the order, the total, rev, the time (ms) of the
-- view's next expiry, the entries of the ids, and the time (ms). The length may include tasks that have expired since the
-- last sweep, the total does not; the next expiry is then 0. An id without an entry gets a lease, and the caller may fill
-- it. 'MOVING': a concurrent write changes an expiry, so the order EXPIRING_SOON is unknown, or the place in an order that the
-- shape declares, or creates a task whose create was rolled back before, so every order is.
-- 'UNBUILT': the shape of the declared view is not in use.
-- 'UNSETTLED' and the transactions of bulk creates: they may have committed tasks that the index does not hold yet.
local REV, INDEX, EXPIRING, MOVING, ENTRY_PREFIX = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local order, direction, count, offset = ARGV[1], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local rev, shape = redis.call('GET', REV), ARGV[13]
local PREFIX, sets = string.sub(REV, 1, -4), nil
-- The letters of the orders that the shape declares, as in views.lua, and that of this page.
local letters, letter = {}, ({DUE_FIRST = 'd', PRIORITY_FIRST = 'p'})[order]
local function order_set(name) return sets .. ':' .. name .. ':' .. ARGV[14] end
if rev and shape ~= '' then
  local found = redis.call('HMGET', PREFIX .. 'shapes', 'rev', shape)
  if found[1] ~= rev or not found[2] or string.sub(found[2], 1, 1) == '~' then return 'UNBUILT' end
  sets = PREFIX .. 'v' .. found[2]
  INDEX, EXPIRING = sets .. ':i:' .. ARGV[14], sets .. ':e:' .. ARGV[14]
  if not redis.call('ZSCORE', INDEX, '') or not redis.call('ZSCORE', EXPIRING, '') then
    -- A view without tasks has no sets, and is not registered among the values of its last dimension.
    local _, separators = string.gsub(ARGV[14], '%z', '')
    local registered = redis.call('ZMSCORE', sets .. ':values:' .. separators + 1, '', ARGV[14])
    if registered[1] and not registered[2] then sets = nil else
      redis.call('HDEL', PREFIX .. 'shapes', shape)
      return 'UNBUILT'
    end
  end
  for name in string.gmatch(string.match(shape, ':.*') or '', '[:+](%l)') do letters[#letters + 1] = name end
  if letter and sets then
    local in_doubt = redis.call('SCARD', PREFIX .. 'reordering')
    if redis.call('SISMEMBER', PREFIX .. 'reordering', '') == 0 or not redis.call('ZSCORE', order_set(letter), '') then
      redis.call('HDEL', PREFIX .. 'shapes', shape)
      return 'UNBUILT'
    end
    if in_doubt > 1 then return 'MOVING' end
  end
end
if not rev or (shape == '' and (not redis.call('ZSCORE', INDEX, '') or not redis.call('ZSCORE', EXPIRING, ''))) then return 'LOST' end
if ARGV[12] == '0' then
  local transactions = redis.call('ZRANGE', PREFIX .. 'unsettled', 0, -1)
  if #transactions > 0 then return {'UNSETTLED', transactions} end
end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if shape ~= '' and not sets then
  if redis.call('SCARD', MOVING) == 0 then return 'LOST' end
  return {{}, 0, 0, 0, tonumber(rev), 2 ^ 53, {}, tonumber(now)}
end
local swept = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', now, 'LIMIT', 0, 1000)
if #swept > 0 then
  redis.call('ZREM', INDEX, unpack(swept))
  redis.call('ZREM', EXPIRING, unpack(swept))
  for _, name in ipairs(letters) do redis.call('ZREM', order_set(name), unpack(swept)) end
  -- The sweep emits events for the ids that it finds in the index of all tasks; it will not find these any more.
  if shape == '' and string.sub(INDEX, -6) == ':index' then
    if redis.call('EXISTS', PREFIX .. 'shapes') == 1 then
      local number = redis.call('INCR', PREFIX .. 'sweeps')
      for _, id in ipairs(swept) do redis.call('ZADD', PREFIX .. 'swept', number, id) end
    end
    local changes = PREFIX .. 'changes'
    local function emit(event)
      redis.call('PUBLISH', changes, string.format('%.0f', redis.call('INCR', changes)) .. ' ' .. event)
    end
    if #swept > tonumber(ARGV[9]) then emit('m') else for _, id in ipairs(swept) do emit('e' .. id) end end
  end
end

-- The set and the direction of the order. `base` members precede the first task: the beacon of the index, which has the
-- lowest score, or tasks that have expired. The beacon of `expiring` has the highest score and follows the last task.
local expired = redis.call('ZCOUNT', EXPIRING, '-inf', now)
local set, rank, range, base = INDEX, 'ZREVRANK', 'ZREVRANGE', 0
local length = redis.call('ZCARD', INDEX) - 1
local total = length - expired
local moving = redis.call('SCARD', MOVING)
if moving == 0 then return 'LOST' end
if moving > 1 then
  if order == 'EXPIRING_SOON' then return 'MOVING' end
  -- An id has 16 bytes, and one whose position by creation is unknown is preceded by a letter.
  for _, member in ipairs(redis.call('SMEMBERS', MOVING)) do
    if #member == 17 then return 'MOVING' end
  end
end
if letter then set = order_set(letter) end
if order == 'OLDEST' or order == 'DUE_FIRST' then
  rank, range, base = 'ZRANK', 'ZRANGE', 1
elseif order == 'EXPIRING_SOON' then
  set, rank, range, base = EXPIRING, 'ZRANK', 'ZRANGE', expired
  length = redis.call('ZRANK', EXPIRING, '') - expired
  total = length
end

-- Returns the rank of a position and the rank that follows it; both are the same if no task is there any more. To find
-- the rank among members with the same score, the position is added to the set for the moment of the question.
local function ranks(score, id)
  local old_score = redis.call('ZSCORE', set, id)
  local exists = old_score and tonumber(old_score) == tonumber(score)
  if not exists then redis.call('ZADD', set, score, id) end
  local at = redis.call(rank, set, id) - base
  if not old_score then
    redis.call('ZREM', set, id)
  elseif not exists then
    redis.call('ZADD', set, old_score, id)
    if (tonumber(old_score) > tonumber(score)) == (rank == 'ZREVRANK') then at = at + 1 end
  end
  return math.max(at, 0), math.max(exists and at + 1 or at, 0)
end

local from, to = offset, length
if ARGV[3] ~= '' then
  local _, following = ranks(ARGV[2], ARGV[3])
  from = from + following
end
if ARGV[5] ~= '' then to = math.min(to, (ranks(ARGV[4], ARGV[5]))) end
if direction == 'first' then to = math.min(to, from + count) else from = math.max(from, to - count) end

local ids = from < to and redis.call(range, set, from + base, to - 1 + base, 'WITHSCORES') or {}
local entries = {}
for at = 2, #ids, 2 do
  entries[at / 2] = ENTRY_PREFIX .. ids[at - 1]
  ids[at] = tonumber(ids[at])  -- as an integer, which the client parses faster than text
end
if #entries > 0 then
  local keys = entries
  entries = redis.call('MGET', unpack(keys))
  for at = 1, #keys do
    if not entries[at] then redis.call('SET', keys[at], 'L ' .. ARGV[10], 'PX', ARGV[11]) end
  end
end
local next_expiry = expired > 0 and 0 or 2 ^ 53
local following = redis.call('ZRANGEBYSCORE', EXPIRING, '(' .. now, '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if following[2] then next_expiry = math.min(next_expiry, tonumber(following[2])) end
return {ids, from, length, total, tonumber(rev), next_expiry, entries, tonumber(now)}
