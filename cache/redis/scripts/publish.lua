-- A writer has committed: show the new values and leave the indexes that the tasks are no longer in; of each both or neither.
-- Tell of it: of many tasks in one message.
-- KEYS: …, 12… the entries. ARGV: whether the index is being built (1): then the ids are left to the scrub, for a batch of
-- the rebuild may still add them where they were; the most tasks to tell of one by one; then for each entry token, id,
-- view, created_at, expires_at, value, ttl (ms), kind.
local building, many = ARGV[1], #KEYS - 11 > tonumber(ARGV[2])
if lost() then return 'LOST' end
for at = 12, #KEYS do
  local entry, first = KEYS[at], 3 + 8 * (at - 12)
  local id, expires_at, value, kind = ARGV[first + 1], ARGV[first + 4], ARGV[first + 5], ARGV[first + 7]
  local holder = string.match(redis.call('GET', entry) or '', '^M (%d+) ')
  if holder == ARGV[first] then
    settle(id, building)
    put(entry, value, ARGV[first + 6], expires_at)
    place(id, tonumber(ARGV[first + 2]), ARGV[first + 3], expires_at, building)
  else
    if not holder then redis.call('DEL', entry) end
    -- A later write may have been told of already: whoever listens has to look how it stands.
    kind, value = 'u', ''
  end
  if not many then tell(kind, id, value) end
end
if many then tell('m') end
redis.call('INCR', REV)
return 'OK'
