-- The scrub has read a row under its lease: if the lease still stands, make the entry and the indexes say what it says,
-- and tell of it, for its writer may not have been able to.
-- KEYS: …, 12 the entry. ARGV: token, id, view, created_at, expires_at, value, ttl (ms).
local entry, id = KEYS[12], ARGV[2]
if lost() then return 'LOST' end
if redis.call('GET', entry) ~= 'L ' .. ARGV[1] then return 'OVERTAKEN' end
settle(id)
put(entry, ARGV[6], ARGV[7], ARGV[5])
place(id, tonumber(ARGV[3]), ARGV[4], ARGV[5])
tell(ARGV[6] == '' and 'd' or 'u', id, ARGV[6])
redis.call('INCR', REV)
return 'OK'
