-- A writer has committed: show the new value and leave the indexes that the task is no longer in; both or neither.
-- KEYS: …, 12 the entry. ARGV: token, id, view, created_at, expires_at, value, ttl (ms), whether the
-- index is being built (1): then the id is left to the scrub, for a batch of the rebuild may still add it where it was.
local entry, token, id, view = KEYS[12], ARGV[1], ARGV[2], tonumber(ARGV[3])
local created_at, expires_at, value, ttl = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if lost() then return 'LOST' end
local holder = string.match(redis.call('GET', entry) or '', '^M (%d+) ')
if holder == token then
  settle(id, ARGV[8])
  put(entry, value, ttl, expires_at)
  place(id, view, created_at, expires_at, ARGV[8])
elseif not holder then
  redis.call('DEL', entry)
end
redis.call('INCR', REV)
return holder == token and 'OK' or 'OVERTAKEN'
