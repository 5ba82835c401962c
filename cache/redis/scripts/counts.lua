-- P3. Counts the tasks of each view, without those that have expired. KEYS: prelude. ARGV: '1' if the reader knows the
-- outcomes of earlier bulk creates.
-- Returns rev, the time (ms) of the next expiry of any task (0 if expired tasks are still in the index), and the counts; or
-- 'UNSETTLED' and the transactions of bulk creates.
if index_lost() then return 'LOST' end
if ARGV[1] == '0' then
  local transactions = redis.call('ZRANGE', UNSETTLED, 0, -1)
  if #transactions > 0 then return {'UNSETTLED', transactions} end
end
local now, counts = string.format('%.0f', now_ms()), {}
local next_expiry = 2 ^ 53
for view = 1, VIEWS do
  local expired = redis.call('ZCOUNT', expiring(view), '-inf', now)
  counts[view] = redis.call('ZCARD', index(view)) - 1 - expired
  if expired > 0 then next_expiry = 0 end
end
-- The first view holds all tasks.
local following = redis.call('ZRANGEBYSCORE', expiring(1), '(' .. now, '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if following[2] then next_expiry = math.min(next_expiry, tonumber(following[2])) end
return {tonumber(redis.call('GET', REV)), next_expiry, counts}
