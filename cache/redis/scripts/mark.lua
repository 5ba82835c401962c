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

-- An earlier bulk create may not be settled. This writer holds the locks of the rows, so it has ended: its task enters
-- the indexes here, and a late settle leaves it alone.
local transactions, ids = redis.call('ZRANGE', UNSETTLED, 0, -1), {}
if #transactions > 0 then each_entry(3, 5, function(_, _, id) ids[#ids + 1] = id end) end
for _, transaction in ipairs(transactions) do
  local record = UNSETTLED .. ':' .. transaction
  local earlier = redis.call('HGET', record, 'token')
  for at, place in ipairs(redis.call('HMGET', record, unpack(ids))) do
    if place and tonumber(earlier) < tonumber(ARGV[3 + 5 * (at - 1)]) then
      local view, created_at, expires_at = place_of(place)
      redis.call('HDEL', record, ids[at])
      set_membership(ids[at], view, created_at, expires_at, building)
    end
  end
end

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
    -- A create of this id was rolled back: either its mark is older, or this one is and arrives late. The row may have
    -- been created at either time, because an import chooses it.
    if known and tonumber(known) ~= tonumber(created_at) then redis.call('SADD', MOVING, CREATED .. id) end
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
