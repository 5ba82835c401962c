-- R5. A reader has read the rows under its leases: fill the entries whose lease still stands.
-- KEYS: prelude, entries. ARGV: token, then for each entry its value ('' if the task does not exist), ttl, expires_at.
local lease = 'L ' .. ARGV[1]
if index_lost() then return 'LOST' end
each_entry(2, 3, function(entry, value, ttl, expires_at)
  if redis.call('GET', entry) == lease then set_entry(entry, value, ttl, expires_at) end
end)
return 'OK'
