-- R3, S2. A reader asks to fill entries. Returns Redis's time (ms) and for each entry 'mine' (the caller may fill it),
-- "another's" (another reader fills it, or a value has come: look again) or '' (a writer holds it).
-- A value of another format is replaced, as if it had been evicted. The scrub replaces every value, and marks past their
-- deadline; afterwards it waits for the writers of these marks.
-- KEYS: prelude, entries. ARGV: token, lifetime (ms), '1' for the scrub, the prefix of a value in the caller's format.
local token, lifetime, scrub, value_prefix = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]
if index_lost() then return 'LOST' end
local now, answers = now_ms(), {}
for at = FIRST_ENTRY, #KEYS do
  local value = redis.call('GET', KEYS[at])
  local kind = value and string.sub(value, 1, 2)
  local free = not value or (kind == 'V ' and (scrub or string.sub(value, 1, #value_prefix) ~= value_prefix))
  if kind == 'M ' and scrub then
    local deadline = string.match(value, '^M %d+ (%d+)$')
    free = deadline and tonumber(deadline) < now
  end
  if free then redis.call('SET', KEYS[at], 'L ' .. token, 'PX', lifetime) end
  answers[#answers + 1] = free and 'mine' or (kind == 'M ' and '' or "another's")
end
return {now, answers}
