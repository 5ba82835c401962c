-- W6. A write was rolled back: clear its marks that still stand and restore the indexes from the rows.
-- KEYS: prelude, entries. ARGV: building, then for each entry token, id, view, created_at, expires_at of the old row.
local building = ARGV[1]
if index_lost() then return 'LOST' end
each_entry(2, 5, function(entry, token, id, view, created_at, expires_at)
  if mark_token(entry) == token then
    settle_mark(id, building)
    redis.call('DEL', entry)
    set_membership(id, tonumber(view), created_at, expires_at, building)
  end
end)
redis.call('INCR', REV)
return 'OK'
