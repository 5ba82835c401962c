-- A writer has committed: show the new values and leave the indexes that the tasks are no longer in; of each both or neither.
-- KEYS: …, 12… the entries. ARGV: whether the index is being built (1): then the ids are left to the scrub, for a batch of
-- the rebuild may still add them where they were; then for each entry token, id, view, created_at, expires_at, value, ttl
-- (ms).
local building = ARGV[1]
if lost() then return 'LOST' end
for at = 12, #KEYS do
  local entry, first = KEYS[at], 2 + 7 * (at - 12)
  local id, expires_at = ARGV[first + 1], ARGV[first + 4]
  local holder = string.match(redis.call('GET', entry) or '', '^M (%d+) ')
  if holder == ARGV[first] then
    settle(id, building)
    put(entry, ARGV[first + 5], ARGV[first + 6], expires_at)
    place(id, tonumber(ARGV[first + 2]), ARGV[first + 3], expires_at, building)
  elseif not holder then
    redis.call('DEL', entry)
  end
end
redis.call('INCR', REV)
return 'OK'
