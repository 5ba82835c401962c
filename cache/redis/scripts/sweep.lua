-- Takes what has expired out of every index, a bounded number at a time, and tells of it; and of the bulk creates whose
-- writer did not. KEYS: as the prelude says. ARGV: how many, and the most to tell of one by one.
-- Returns how many it took from the index that gave the most.
if lost() then return 'LOST' end
local now, most = string.format('%.0f', now_ms()), 0
for view = 1, VIEWS do
  local gone = redis.call('ZRANGEBYSCORE', expiring(view), '-inf', now, 'LIMIT', 0, ARGV[1])
  if #gone > 0 then
    redis.call('ZREM', index(view), unpack(gone))
    redis.call('ZREM', expiring(view), unpack(gone))
    if view == 1 then
      if #gone > tonumber(ARGV[2]) then tell('m') else for _, id in ipairs(gone) do tell('e', id) end end
    end
  end
  most = math.max(most, #gone)
end
local late = redis.call('ZRANGEBYSCORE', PENDING, '-inf', now, 'LIMIT', 0, ARGV[1])
if #late > 0 then
  redis.call('ZREM', PENDING, unpack(late))
  tell('m')
end
return most
