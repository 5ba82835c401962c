-- S5. The scrub has read a row under its lease: if the lease still stands, make entry and indexes agree with the row. Emits
-- an event, because the writer may have died before it could.
-- KEYS: prelude, the entry. ARGV: token, id, view, created_at, expires_at, value, ttl (ms), maintained shapes, views of the
-- row, further views where the id was found.
local entry, lease, id, view, created_at = KEYS[FIRST_ENTRY], 'L ' .. ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local expires_at, value, ttl = ARGV[5], ARGV[6], ARGV[7]
if index_lost() then return 'LOST' end
if redis.call('GET', entry) ~= lease then return 'OVERTAKEN' end
read_shapes(ARGV[8])
raise_rev()
settle_mark(id)
set_entry(entry, value, ttl, expires_at)
set_membership(id, view, created_at, expires_at)
release_views(id, ARGV[9], created_at, expires_at, ARGV[10])
emit(value == '' and 'd' or 'u', id, value)
return 'OK'
