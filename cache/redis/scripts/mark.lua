-- W3. A writer is about to commit: keep readers from filling the entries, and make the indexes a superset of both
-- outcomes; for all of its tasks or for none.
-- KEYS: prelude, entries. ARGV: lifetime (ms), building, maintained shapes, then for each entry token, id, view, created_at,
-- expires_at of the new row, '1' if the write moves the task between or within views, its views, and the views that it leaves.
local lifetime, building, WIDTH = ARGV[1], ARGV[2], 8
if index_lost() then return 'LOST' end
local late = false
each_entry(4, WIDTH, function(entry, token)
  local holder = mark_token(entry)
  if holder and tonumber(holder) > tonumber(token) then late = true end
end)
if late then return 'LATE' end
read_shapes(ARGV[3])

-- The ids that this script takes out of the record of a bulk create.
local taken = {}

local function take_recorded(record, id, place, views)
  local view, created_at, expires_at = place_of(place)
  taken[id] = true
  redis.call('HDEL', record, id)
  set_membership(id, view, created_at, expires_at, building)
  -- The create may have been rolled back, so these views are held, too.
  if next(generations) == nil then return end
  redis.call('HSET', HOLDING, id, union_of(views, redis.call('HGET', HOLDING, id) or NO_VIEWS))
  local scores = scores_of(views, id)
  each_view(views, function(shape, key) note_reordering(shape, key, scores) end)
  set_views(id, views, NO_VIEWS, created_at, expires_at)
end

-- An earlier bulk create may not be settled. This writer holds the locks of the rows, so it has ended: its task enters
-- the indexes here, and a late settle leaves it alone.
local transactions, ids = redis.call('ZRANGE', UNSETTLED, 0, -1), {}
if #transactions > 0 then each_entry(4, WIDTH, function(_, _, id) ids[#ids + 1] = id end) end
for _, transaction in ipairs(transactions) do
  local record, places = UNSETTLED .. ':' .. transaction, {}
  local earlier = redis.call('HGET', record, 'token')
  for at, place in ipairs(redis.call('HMGET', record, unpack(ids))) do
    if place and tonumber(earlier) < tonumber(ARGV[4 + WIDTH * (at - 1)]) then places[ids[at]] = place end
  end
  if next(places) ~= nil then
    local views = recorded_views_of(record, places)
    for id, place in pairs(places) do take_recorded(record, id, place, views[id]) end
  end
end

-- The task is in the old and the new views until the write is settled, at the later of both expiries. In a declared order,
-- it has the score of the new row, in a view that it leaves that of the old row.
local function hold_views(id, moves, views, left, created_at, expires_at)
  local held = redis.call('HGET', HOLDING, id)
  if moves == '0' and not held then return end
  local is_old, is_new, union = {}, {}, union_of(views, left, held or NO_VIEWS)
  each_view(left, function(shape, key) is_old[shape .. '\0' .. key] = true end)
  each_view(views, function(shape, key) is_new[shape .. '\0' .. key] = true end)
  redis.call('HSET', HOLDING, id, union)
  local old_scores, new_scores = scores_of(left, id), scores_of(views, id)
  each_view(union, function(shape, key)
    local name, known = shape .. '\0' .. key, redis.call('ZSCORE', view_index(shape, key), id)
    if not known and not is_old[name] and not is_new[name] then return end
    local old_expiry = known and redis.call('ZSCORE', view_expiring(shape, key), id)
    -- A late mark may know an outdated expiry.
    if known and (old_expiry or '') ~= expires_at then redis.call('SADD', MOVING, id) end
    -- A set that is being built may lack the task, and then its old expiry is unknown: it counts as none.
    local expires = expires_at ~= '' and (old_expiry or (not known and is_new[name] and not building_shapes[shape]))
    if expires_at == '' and old_expiry then redis.call('ZREM', view_expiring(shape, key), id) end
    enter_view(shape, key, {'GT', created_at, id}, expires and {'GT', expires_at, id} or {})
    local scores = is_new[name] and new_scores or is_old[name] and old_scores
    note_reordering(shape, key, scores)
    enter_orders(shape, key, scores)
  end)
  for shape in pairs(building_shapes) do redis.call('SADD', touched_key(shape), id) end
  -- They may come into use before the write is settled.
  if next(building_shapes) then redis.call('SADD', MOVING, id) end
end

local deadline = string.format('%.0f', now_ms() + lifetime)
each_entry(4, WIDTH, function(entry, token, id, view, created_at, expires_at, moves, views, left)
  view = tonumber(view)
  -- The writer of an earlier mark may die before its event, and no settle announces what was taken from a record. So the
  -- event of this write cannot tell what subscribers know.
  local holder = mark_token(entry)
  local is_over_another = taken[id] or (holder and holder ~= token)
  redis.call('SET', entry, 'M ' .. token .. ' ' .. (is_over_another and OVER_ANOTHER or '') .. deadline)
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
  if next(generations) ~= nil then hold_views(id, moves, views, left, created_at, expires_at) end
end)
raise_rev()
return 'OK'
