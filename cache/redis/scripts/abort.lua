-- A writer has rolled back: where its mark still stands, clear it, and put the indexes back to what the row says.
-- KEYS: …, 12… the entries. ARGV: whether the index is being built, as for publish; then for each entry token, id, view,
-- created_at, expires_at of the row as it was.
local building = ARGV[1]
if lost() then return 'LOST' end
for at = 12, #KEYS do
  local entry, first = KEYS[at], 2 + 5 * (at - 12)
  local id = ARGV[first + 1]
  if string.match(redis.call('GET', entry) or '', '^M (%d+) ') == ARGV[first] then
    settle(id, building)
    redis.call('DEL', entry)
    place(id, tonumber(ARGV[first + 2]), ARGV[first + 3], ARGV[first + 4], building)
  end
end
redis.call('INCR', REV)
return 'OK'
