-- A bulk create has been committed: tell of it. If the sweep has, that may have been before the commit: then once more.
-- KEYS: as the prelude says. ARGV: token, then the ids to tell of one by one; none: they are many.
if lost() then return 'LOST' end
if redis.call('ZREM', PENDING, ARGV[1]) == 1 then
  for at = 2, #ARGV do tell('c', ARGV[at]) end
  if #ARGV == 1 then tell('m') end
else
  tell('m')
end
return 'OK'
