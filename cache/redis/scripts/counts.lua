-- Counts the tasks of each view, without those that have expired. KEYS: prelude.
if index_lost() then return 'LOST' end
local now, counts = string.format('%.0f', now_ms()), {}
for view = 1, VIEWS do
  counts[view] = redis.call('ZCARD', index(view)) - 1 - redis.call('ZCOUNT', expiring(view), '-inf', now)
end
return counts
