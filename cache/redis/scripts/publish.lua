-- W5. A write was committed: replace its marks by the new values, and remove each task from the indexes that it left,
-- both or neither. Emits the feed events: one MANY if there are more than the limit.
-- KEYS: prelude, entries. ARGV: building, maintained shapes, the most tasks with an event each, then for each entry token, id,
-- view, created_at, expires_at, value, ttl (ms), event code, whether the write moved the task ('1'), its views, and for its
-- event the values before the write.
local building, many = ARGV[1], #KEYS - FIRST_ENTRY + 1 > tonumber(ARGV[3])
if index_lost() then return 'LOST' end
-- First, because a cluster that moves the slot away may stop this script at a key that its node has lost already.
local before = redis.call('GET', REV)
redis.call('INCR', REV)
read_shapes(ARGV[2], before)
move_fence()
each_entry(4, 11, function(entry, token, id, view, created_at, expires_at, value, ttl, code, moves, views, known)
  local holder, is_over_another = mark_token(entry)
  if holder == token then
    settle_mark(id, building)
    set_entry(entry, value, ttl, expires_at)
    set_membership(id, tonumber(view), created_at, expires_at, building)
    if moves == '1' or redis.call('HEXISTS', HOLDING, id) == 1 then release_views(id, views, created_at, expires_at) end
  else
    if not holder then redis.call('DEL', entry) end
    -- A later write may have emitted its event already, so subscribers have to read the task.
    code, value, known = 'u', '', ''
  end
  if not many then emit(code, id, is_over_another and value or value .. known) end
end)
if many then emit('m') end
return 'OK'
