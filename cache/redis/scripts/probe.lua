-- Runs every command that the service needs, on keys that no index uses and that are gone afterwards. KEYS: a string, a
-- sorted set, a set, a hash. ARGV: a channel. Returns the commands that failed, each with Redis's error.
local text, sorted, set, hash = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local commands = {
  {'TIME'}, {'SCAN', 0, 'COUNT', 1},
  {'SET', text, 1, 'PX', 1000}, {'GET', text}, {'MGET', text}, {'INCR', text}, {'EXISTS', text},
  {'ZADD', sorted, 1, 'a'}, {'ZSCORE', sorted, 'a'}, {'ZMSCORE', sorted, 'a'}, {'ZCARD', sorted},
  {'ZCOUNT', sorted, 0, 1}, {'ZRANK', sorted, 'a'}, {'ZREVRANK', sorted, 'a'}, {'ZRANGE', sorted, 0, 0},
  {'ZREVRANGE', sorted, 0, 0}, {'ZRANGEBYSCORE', sorted, 0, 1}, {'ZSCAN', sorted, 0}, {'ZREM', sorted, 'a'},
  {'ZRANGEBYLEX', sorted, '-', '+'}, {'HSET', hash, 'a', 1}, {'HEXISTS', hash, 'a'}, {'HGET', hash, 'a'}, {'HMGET', hash, 'a'}, {'HGETALL', hash}, {'HKEYS', hash},
  {'HDEL', hash, 'a'}, {'SADD', set, 'a'}, {'SCARD', set}, {'SMEMBERS', set}, {'SISMEMBER', set, 'a'}, {'SMISMEMBER', set, 'a'}, {'SSCAN', set, 0}, {'SREM', set, 'a'},
  {'PUBLISH', ARGV[1], ''}, {'UNLINK', text, sorted, set, hash},
  {'DEL', text, sorted, set, hash},
}
local failures = {}
for _, command in ipairs(commands) do
  local reply = redis.pcall(unpack(command))
  if type(reply) == 'table' and reply.err then table.insert(failures, command[1] .. ' ' .. reply.err) end
end
return failures
