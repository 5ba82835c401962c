-- W8. A bulk create was committed: emit its events. If the sweep announced it first, that may have been before the
-- commit, so a second MANY follows.
-- KEYS: prelude. ARGV: token, then the ids to emit one by one; without ids, one MANY.
if index_lost() then return 'LOST' end
if redis.call('ZREM', PENDING, ARGV[1]) == 1 then
  for at = 2, #ARGV do emit('c', ARGV[at]) end
  if #ARGV == 1 then emit('m') end
else
  emit('m')
end
return 'OK'
