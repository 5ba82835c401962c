-- E1, E2, T1, S6: tells whether the scrub of this index has work, and changes nothing.
-- KEYS: prelude. ARGV: the least age in milliseconds of the record of a bulk create that the scrub settles.
-- Returns the number of expired ids, of swept ones that declared views may still have, overdue marks and unsettled bulk
-- creates.
if index_lost() then return 'LOST' end
local now = now_ms()
local function count(key, latest) return redis.call('ZCOUNT', key, '-inf', string.format('%.0f', latest)) end
local due = count(MARKS, now) + count(UNSETTLED, now - ARGV[1]) + redis.call('ZCARD', string.sub(REV, 1, -4) .. 'swept')
for view = 1, VIEWS do due = due + count(expiring(view), now) end
return due
