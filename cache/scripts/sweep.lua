-- Takes what has expired out of every index, a bounded number at a time. KEYS: as the prelude says. ARGV: how many.
-- Returns how many it took from the index that gave the most.
if lost() then return 'LOST' end
local now, most = string.format('%.0f', now_ms()), 0
for view = 1, VIEWS do
  local gone = redis.call('ZRANGEBYSCORE', expiring(view), '-inf', now, 'LIMIT', 0, ARGV[1])
  if #gone > 0 then
    redis.call('ZREM', index(view), unpack(gone))
    redis.call('ZREM', expiring(view), unpack(gone))
  end
  most = math.max(most, #gone)
end
return most
