-- A writer has rolled back: if its mark still stands, clear it, and put the indexes back to what the row says.
-- KEYS: …, 12 the entry. ARGV: token, id, view, created_at, expires_at of the row as it was, and whether the
-- index is being built, as for publish.
local entry, token, id = KEYS[12], ARGV[1], ARGV[2]
if lost() then return 'LOST' end
if string.match(redis.call('GET', entry) or '', '^M (%d+) ') ~= token then return 'OVERTAKEN' end
settle(id, ARGV[6])
redis.call('DEL', entry)
place(id, tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6])
redis.call('INCR', REV)
return 'OK'
