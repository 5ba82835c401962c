-- A reader wants to fill entries that are not there. Says what time it is (ms), and of each entry whether the reader may
-- ('mine'), another is about to ("another's"), or nobody must, because a writer is at work ('').
-- KEYS: …, 12… the entries. ARGV: token, lifetime (ms), whether it is the scrub that asks ('1'). The scrub also takes over
-- values, as if they had been evicted, and marks past their deadline, for whose writers it waits afterwards.
local token, lifetime, scrub = ARGV[1], ARGV[2], ARGV[3] == '1'
if lost() then return 'LOST' end
local now, answers = now_ms(), {}
for at = 12, #KEYS do
  local held = redis.call('GET', KEYS[at])
  local kind = held and string.sub(held, 1, 2)
  local free = not held
  if held and scrub then
    local deadline = string.match(held, '^M %d+ (%d+)$')
    free = kind == 'V ' or (deadline and tonumber(deadline) < now)
  end
  if free then redis.call('SET', KEYS[at], 'L ' .. token, 'PX', lifetime) end
  -- A value has come since the reader looked: it looks again.
  answers[#answers + 1] = free and 'mine' or (kind == 'M ' and '' or "another's")
end
return {now, answers}
