-- W7. A bulk create is about to commit: record its tasks. No index holds them until `settle` runs after the commit.
-- KEYS: prelude. ARGV: transaction, token, then for each task its id and its place: view, created_at, expires_at.
local record = UNSETTLED .. ':' .. ARGV[1]
if index_lost() then return 'LOST' end
redis.call('HSET', record, 'token', ARGV[2], unpack(ARGV, 3))
redis.call('ZADD', UNSETTLED, string.format('%.0f', now_ms()), ARGV[1])
redis.call('INCR', REV)
return 'OK'
