-- W8. A recorded bulk create was committed: add its tasks to the indexes and emit the feed events. The writer, a reader
-- or the scrub sends this, each perhaps late: without the record, the script does nothing.
-- KEYS: prelude, the prefix of every entry's key. ARGV: transaction, the most tasks with an event each, maintained shapes.
local transaction, record, ENTRY_PREFIX = ARGV[1], UNSETTLED .. ':' .. ARGV[1], KEYS[FIRST_ENTRY]
if index_lost() then return 'LOST' end
if not redis.call('ZSCORE', UNSETTLED, transaction) then return 'OK' end
local fields = redis.call('HGETALL', record)
if #fields == 0 then return 'LOST' end
read_shapes(ARGV[3])
local token = tonumber(redis.call('HGET', record, 'token'))
local all, recorded = recorded_views(record)
-- Redis does not refuse a script for lack of memory after its first write, and this one frees memory.
redis.call('DEL', record)
redis.call('ZREM', UNSETTLED, transaction)

-- In place of the values before the change: there was no task.
local NEW_TASK = '\n[]'
local ids, entries, scores, expiries = {}, {}, {{}, {}, {}, {}}, {{}, {}, {}, {}}
-- By id: created_at and expires_at.
local created_of, expires_of = {}, {}
local function append(members, score, id)
  local count = #members
  members[count + 1], members[count + 2] = score, id
end
for at = 1, #fields, 2 do
  local id = fields[at]
  if #id == 16 then
    local number, view, created_at, expires_at = #ids + 1, place_of(fields[at + 1])
    ids[number], entries[number] = id, ENTRY_PREFIX .. id
    created_of[id], expires_of[id] = created_at, expires_at
    append(scores[1], created_at, id)
    append(scores[view], created_at, id)
    if expires_at ~= '' then
      append(expiries[1], expires_at, id)
      append(expiries[view], expires_at, id)
    end
  end
end
-- A later mark has taken its task out of the record. A mark that stands is that of an earlier create that was rolled
-- back: its late abort would remove the id. The lease of a scrub ends, because the scrub may have read no row.
for at, value in ipairs(#entries > 0 and redis.call('MGET', unpack(entries)) or {}) do
  local holder = value and string.match(value, '^M (%d+) ')
  if holder and tonumber(holder) < token then
    redis.call('DEL', entries[at])
    settle_mark(ids[at])
    set_membership(ids[at], 0)
    release_views(ids[at], NO_VIEWS)
  elseif value and string.sub(value, 1, 2) == 'L ' then
    redis.call('DEL', entries[at])
  end
end
for view = 1, VIEWS do
  if #scores[view] > 0 then redis.call('ZADD', index(view), unpack(scores[view])) end
  if #expiries[view] > 0 then redis.call('ZADD', expiring(view), unpack(expiries[view])) end
end

-- By place among all ids: the id unless a later mark has taken it out, and its scores.
local id_at, created_at, expires_at = {}, {}, {}
-- The same for the scores in the declared orders, by the name of the order.
local score_at = {d = {}, p = {}}
for place = 1, #all / 16 do
  local id = recorded_id(all, place)
  id_at[place], created_at[place], expires_at[place] = created_of[id] and id, created_of[id], expires_of[id]
  if recorded[1] == '' then score_at.d[place], score_at.p[place] = string.match(recorded[2][place], '^(%d+) (%d+)$') end
end

-- Adds the tasks to the recorded views of a shape. All views share two tables, because new ones cost time.
local created, view_expiries = {}, {}
local function enter_recorded(shape, views)
  local indexes, orders, size, at, number = {}, orders_of(shape), #views, 1, 0
  while at < size do
    indexes[#indexes + 1] = view_index(shape, views[at])
    at = at + 2 + views[at + 1]
  end
  local exist = all_exist(indexes)
  at = 1
  while at < size do
    local key, last, count, expiry_count, view_scores = views[at], at + 1 + views[at + 1], 0, 0, orders[1] and {}
    for _, order in ipairs(orders) do view_scores[order] = {} end
    number = number + 1
    for each = at + 2, last do
      local place = views[each]
      local id = id_at[place]
      if id then
        created[count + 1], created[count + 2], count = created_at[place], id, count + 2
        if expires_at[place] ~= '' then
          view_expiries[expiry_count + 1], view_expiries[expiry_count + 2] = expires_at[place], id
          expiry_count = expiry_count + 2
        end
        for _, order in ipairs(orders) do append(view_scores[order], score_at[order][place], id) end
      end
    end
    if count > 0 then
      if exist then
        redis.call('ZADD', indexes[number], unpack(created, 1, count))
        if expiry_count > 0 then
          redis.call('ZADD', view_expiring(shape, key), unpack(view_expiries, 1, expiry_count))
        end
      else
        enter_view(shape, key, {unpack(created, 1, count)}, {unpack(view_expiries, 1, expiry_count)})
      end
      enter_orders(shape, key, view_scores)
      if not generations[shape] then return end
    end
    at = last + 1
  end
end
for at = 1, #recorded, 2 do
  if generations[recorded[at]] then enter_recorded(recorded[at], recorded[at + 1]) end
end
-- The record has no order, except in `all`, which that of an earlier release lacks.
local events = all == '' and ids or {}
for place = 1, #all / 16 do events[#events + 1] = id_at[place] end
if #ids > tonumber(ARGV[2]) then emit('m') else for _, id in ipairs(events) do emit('c', id, NEW_TASK) end end
raise_rev()
return 'OK'
