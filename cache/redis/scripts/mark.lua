-- W3. A writer is about to commit: keep readers from filling the entries, and make the indexes a superset of both
-- outcomes; for all of its tasks or for none.
-- KEYS: prelude, entries. ARGV: lifetime (ms), building, then for each entry token, id, view, created_at, expires_at of
-- the new row.
local lifetime, building = ARGV[1], ARGV[2]
if index_lost() then return 'LOST' end
local late = false
each_entry(3, 5, function(entry, token)
  local holder = mark_token(entry)
  if holder and tonumber(holder) > tonumber(token) then late = true end
end)
if late then return 'LATE' end

local deadline = string.format('%.0f', now_ms() + lifetime)
each_entry(3, 5, function(entry, token, id, view, created_at, expires_at)
  view = tonumber(view)
  redis.call('SET', entry, 'M ' .. token .. ' ' .. deadline)
  redis.call('ZADD', MARKS, deadline, id)
  -- Until the mark is settled the position among the expiries is unknown; a rebuild's batch may add any.
  if building == '1' then redis.call('SADD', MOVING, id) end
  for of = 1, view > 0 and VIEWS or 0 do
    local known, old_expiry = redis.call('ZSCORE', index(of), id), redis.call('ZSCORE', expiring(of), id)
    local belongs = of == 1 or of == view
    if (known or old_expiry) and (old_expiry or '') ~= expires_at then redis.call('SADD', MOVING, id) end
    -- GT: the mark of a create that was rolled back may arrive late, and the existing row is the newer one.
    if belongs then redis.call('ZADD', index(of), 'GT', created_at, id) end
    -- The later of both expiries stays, so that no sweep removes the id before the publish; no expiry is the latest.
    -- An id that a rebuild has not added yet may have had no expiry.
    if (known or belongs) and (expires_at == '' or (building == '1' and not known)) then
      set_no_expiry(of, id, building)
    elseif old_expiry or (belongs and not known) then
      redis.call('ZADD', expiring(of), 'GT', expires_at, id)
    end
  end
end)
redis.call('INCR', REV)
return 'OK'
