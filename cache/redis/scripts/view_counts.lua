-- P6. Counts the tasks of declared views, without those that have expired. KEYS: rev, `expiring` of all tasks.
-- ARGV: '1' if the reader knows the outcomes of earlier bulk creates, then the shape and the key of each view.
-- Returns the counts, -1 for each view whose shape is not in use; or 'UNSETTLED' and the transactions of bulk creates.
local REV, EXPIRING = KEYS[1], KEYS[2]
local PREFIX, rev = string.sub(REV, 1, -4), redis.call('GET', REV)
if not rev or not redis.call('ZSCORE', EXPIRING, '') then return 'LOST' end
if ARGV[1] == '0' then
  local transactions = redis.call('ZRANGE', PREFIX .. 'unsettled', 0, -1)
  if #transactions > 0 then return {'UNSETTLED', transactions} end
end
local SHAPES, time = PREFIX .. 'shapes', redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local is_trusted = redis.call('HGET', SHAPES, 'rev') == rev

local function count(shape, key)
  local generation = is_trusted and redis.call('HGET', SHAPES, shape)
  if not generation or string.sub(generation, 1, 1) == '~' then return -1 end
  local sets = PREFIX .. 'v' .. generation
  local index, expiring = sets .. ':i:' .. key, sets .. ':e:' .. key
  if redis.call('ZSCORE', index, '') and redis.call('ZSCORE', expiring, '') then
    return redis.call('ZCARD', index) - 1 - redis.call('ZCOUNT', expiring, '-inf', now)
  end
  -- A view without tasks has no sets, and is not registered among the values of its last dimension.
  local _, separators = string.gsub(key, '%z', '')
  local registered = redis.call('ZMSCORE', sets .. ':values:' .. separators + 1, '', key)
  if registered[1] and not registered[2] then return 0 end
  redis.call('HDEL', SHAPES, shape)
  return -1
end

local counts = {}
for at = 2, #ARGV, 2 do counts[#counts + 1] = count(ARGV[at], ARGV[at + 1]) end
return counts
