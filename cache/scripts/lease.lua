-- A reader wants to fill entries that are not there. Says of each whether it may.
-- KEYS: …, 11… the entries. ARGV: token, lifetime (ms), whether it is the scrub that asks ('1'). The scrub also takes over
-- values, as if they had been evicted, and marks past their deadline, for whose writers it waits afterwards.
local token, lifetime, scrub = ARGV[1], ARGV[2], ARGV[3] == '1'
if lost() then return 'LOST' end
local now, leased = now_ms(), {}
for at = 11, #KEYS do
  local held = redis.call('GET', KEYS[at])
  local free = not held
  if held and scrub then
    local deadline = string.match(held, '^M %d+ (%d+)$')
    free = string.sub(held, 1, 2) == 'V ' or (deadline and tonumber(deadline) < now)
  end
  if free then redis.call('SET', KEYS[at], 'L ' .. token, 'PX', lifetime) end
  leased[#leased + 1] = free and 1 or 0
end
return leased
