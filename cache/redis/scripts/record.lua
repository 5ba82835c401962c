-- W7. A bulk create is about to commit: record its tasks. No index holds them until `settle` runs after the commit.
-- KEYS: prelude. ARGV: transaction, token, maintained shapes, ids (joined), their views (packed), then for each task its id and
-- its place (view, created_at, expires_at).
local record = UNSETTLED .. ':' .. ARGV[1]
if index_lost() then return 'LOST' end
read_shapes(ARGV[3])
redis.call('HSET', record, 'token', ARGV[2], 'ids', ARGV[4], 'views', ARGV[5], unpack(ARGV, 6))
redis.call('ZADD', UNSETTLED, string.format('%.0f', now_ms()), ARGV[1])
raise_rev()
return 'OK'
