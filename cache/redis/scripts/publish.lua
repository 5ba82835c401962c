-- W5. A write was committed: replace its marks by the new values, and remove each task from the indexes that it left,
-- both or neither. Emits the feed events: one MANY if there are more than the limit.
-- KEYS: prelude, entries. ARGV: building, the most tasks with an event each, then for each entry token, id, view,
-- created_at, expires_at, value, ttl (ms), event code.
local building, many = ARGV[1], #KEYS - FIRST_ENTRY + 1 > tonumber(ARGV[2])
if index_lost() then return 'LOST' end
-- First, because a cluster that moves the slot away may stop this script at `emit`: its node has lost the counter already.
redis.call('INCR', REV)
each_entry(3, 8, function(entry, token, id, view, created_at, expires_at, value, ttl, code)
  local holder = mark_token(entry)
  if holder == token then
    settle_mark(id, building)
    set_entry(entry, value, ttl, expires_at)
    set_membership(id, tonumber(view), created_at, expires_at, building)
  else
    if not holder then redis.call('DEL', entry) end
    -- A later write may have emitted its event already, so subscribers have to read the task.
    code, value = 'u', ''
  end
  if not many then emit(code, id, value) end
end)
if many then emit('m') end
return 'OK'
