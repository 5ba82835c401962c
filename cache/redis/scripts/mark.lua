-- A writer is about to commit: keep readers from filling, and make the indexes a superset of both outcomes; for all of its
-- tasks or for none. KEYS: …, 12… the entries. ARGV: lifetime (ms), whether the index is being built (1), then for each
-- entry token, id, view, created_at, expires_at of the new row.
local lifetime, building = ARGV[1], ARGV[2]
if lost() then return 'LOST' end
for at = 12, #KEYS do
  local holder = string.match(redis.call('GET', KEYS[at]) or '', '^M (%d+) ')
  if holder and tonumber(holder) > tonumber(ARGV[3 + 5 * (at - 12)]) then return 'LATE' end
end

local deadline = string.format('%.0f', now_ms() + lifetime)
local function mark(entry, token, id, view, created_at, expires_at)
  redis.call('SET', entry, 'M ' .. token .. ' ' .. deadline)
  redis.call('ZADD', MARKS, deadline, id)
  -- Until it is settled nobody can tell its place among the expiries; a batch of a rebuild may still bring any.
  if building == '1' then redis.call('SADD', MOVING, id) end
  for of = 1, view > 0 and VIEWS or 0 do
    local known, ends = redis.call('ZSCORE', index(of), id), redis.call('ZSCORE', expiring(of), id)
    local there = of == 1 or of == view
    if (known or ends) and (ends or '') ~= expires_at then redis.call('SADD', MOVING, id) end
    -- GT: a mark of a create that was rolled back may come late; the row that stands is the newer one.
    if there then redis.call('ZADD', index(of), 'GT', created_at, id) end
    -- Of the two expiries the later one, so that nobody sweeps the id away before the publish; none is the latest. What
    -- a rebuild has not added yet may have had none.
    if (known or there) and (expires_at == '' or (building == '1' and not known)) then
      never(of, id, building)
    elseif ends or (there and not known) then
      redis.call('ZADD', expiring(of), 'GT', expires_at, id)
    end
  end
end

for at = 12, #KEYS do
  local first = 3 + 5 * (at - 12)
  mark(KEYS[at], ARGV[first], ARGV[first + 1], tonumber(ARGV[first + 2]), ARGV[first + 3], ARGV[first + 4])
end
redis.call('INCR', REV)
return 'OK'
