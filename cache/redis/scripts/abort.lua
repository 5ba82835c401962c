-- W6. A write was rolled back: clear its marks that still stand and restore the indexes from the rows. Emits an event for a
-- mark that has replaced one of another writer, which may have died after its commit.
-- KEYS: prelude, entries. ARGV: building, maintained shapes, then for each entry token, id, view, created_at, expires_at and
-- views of the old row.
local building = ARGV[1]
if index_lost() then return 'LOST' end
read_shapes(ARGV[2])
each_entry(3, 6, function(entry, token, id, view, created_at, expires_at, views)
  local holder, is_over_another = mark_token(entry)
  if holder == token then
    settle_mark(id, building)
    redis.call('DEL', entry)
    set_membership(id, tonumber(view), created_at, expires_at, building)
    release_views(id, views, created_at, expires_at)
    if is_over_another then emit('u', id) end
  end
end)
raise_rev()
return 'OK'
