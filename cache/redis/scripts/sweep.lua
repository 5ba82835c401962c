-- E1. Removes expired ids from every index, up to a limit, and emits their events.
-- KEYS: prelude. ARGV: limit for each index, the most ids with an event each.
-- Returns the largest number of ids that one index lost.
if index_lost() then return 'LOST' end
local limit, now, most = ARGV[1], string.format('%.0f', now_ms()), 0
for view = 1, VIEWS do
  local expired = redis.call('ZRANGEBYSCORE', expiring(view), '-inf', now, 'LIMIT', 0, limit)
  if #expired > 0 then
    redis.call('ZREM', index(view), unpack(expired))
    redis.call('ZREM', expiring(view), unpack(expired))
    if view == 1 then
      keep_swept(expired)
      if #expired > tonumber(ARGV[2]) then emit('m') else for _, id in ipairs(expired) do emit('e', id) end end
    end
  end
  most = math.max(most, #expired)
end
return most
