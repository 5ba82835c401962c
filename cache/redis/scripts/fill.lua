-- A reader has read the rows that it had leased: fill those entries whose lease still stands.
-- KEYS: …, 12… the entries. ARGV: token, then for each entry its value ('' if there is no such task), ttl, expires_at.
local lease = 'L ' .. ARGV[1]
if lost() then return 'LOST' end
for at = 12, #KEYS do
  if redis.call('GET', KEYS[at]) == lease then
    local first = 2 + 3 * (at - 12)
    put(KEYS[at], ARGV[first], ARGV[first + 1], ARGV[first + 2])
  end
end
return 'OK'
