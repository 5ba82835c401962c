-- How many tasks each view has, less what has expired. KEYS: as the prelude says.
if lost() then return 'LOST' end
local now, counts = string.format('%.0f', now_ms()), {}
for view = 1, VIEWS do
  counts[view] = redis.call('ZCARD', index(view)) - 1 - redis.call('ZCOUNT', expiring(view), '-inf', now)
end
return counts
