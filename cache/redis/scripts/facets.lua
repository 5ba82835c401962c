-- P5. Counts the tasks in each view of a shape whose other values are given. KEYS: rev, `expiring` of all tasks.
-- ARGV: the shape, the number of the dimension that is counted, the remaining values of the shape's views (each followed by a
-- zero byte), the last value of an earlier call or '', the most values, '1' if the reader knows the outcomes of earlier bulk
-- creates.
-- Returns rev, the time (ms) of the next expiry of any task (0 if expired tasks are still in the index), and values with
-- their counts, in the order of the values; or 'UNSETTLED' and the transactions of bulk creates, or 'UNBUILT'.
local REV, EXPIRING = KEYS[1], KEYS[2]
local PREFIX, shape, dimension, others = string.sub(REV, 1, -4), ARGV[1], tonumber(ARGV[2]), ARGV[3]
local rev = redis.call('GET', REV)
if not rev or not redis.call('ZSCORE', EXPIRING, '') then return 'LOST' end
if ARGV[6] == '0' then
  local transactions = redis.call('ZRANGE', PREFIX .. 'unsettled', 0, -1)
  if #transactions > 0 then return {'UNSETTLED', transactions} end
end
local found = redis.call('HMGET', PREFIX .. 'shapes', 'rev', shape)
if found[1] ~= rev or not found[2] or string.sub(found[2], 1, 1) == '~' then return 'UNBUILT' end
local SETS = PREFIX .. 'v' .. found[2]
local values = SETS .. ':values:' .. dimension
if not redis.call('ZSCORE', values, '') then
  redis.call('HDEL', PREFIX .. 'shapes', shape)
  return 'UNBUILT'
end

-- Returns the key of a view, whose values are in the order of the shape: the counted one is last in `values`.
local function key_of(value)
  local parts = {}
  for part in string.gmatch(others, '([^%z]*)%z') do parts[#parts + 1] = part end
  table.insert(parts, dimension, value)
  return table.concat(parts, '\0')
end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local after = ARGV[4] == '' and '[' .. others or '(' .. others .. ARGV[4]
local before = others == '' and '+' or '(' .. string.sub(others, 1, -2) .. '\1'
local members = redis.call('ZRANGEBYLEX', values, after, before, 'LIMIT', 0, ARGV[5])
local counts, next_expiry = {}, 2 ^ 53
for _, member in ipairs(members) do
  if member ~= '' then
    local value = string.sub(member, #others + 1)
    local key = key_of(value)
    local size = redis.call('ZCARD', SETS .. ':i:' .. key)
    if size == 0 then
      redis.call('HDEL', PREFIX .. 'shapes', shape)
      return 'UNBUILT'
    end
    local expired = redis.call('ZCOUNT', SETS .. ':e:' .. key, '-inf', now)
    if expired > 0 then next_expiry = 0 end
    counts[#counts + 1], counts[#counts + 2] = value, size - 1 - expired
  end
end
local following = redis.call('ZRANGEBYSCORE', EXPIRING, '(' .. now, '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if following[2] then next_expiry = math.min(next_expiry, tonumber(following[2])) end
return {tonumber(rev), next_expiry, #members, counts}
