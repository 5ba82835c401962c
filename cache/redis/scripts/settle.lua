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
-- Redis does not refuse a script for lack of memory after its first write, and this one frees memory.
redis.call('DEL', record)
redis.call('ZREM', UNSETTLED, transaction)

local ids, entries, scores, expiries = {}, {}, {{}, {}, {}, {}}, {{}, {}, {}, {}}
-- By shape and key: the pairs to add to a declared view, by creation and by expiry.
local declared = {}
local views_by_id = {}
for at = 1, #fields, 2 do
  if #fields[at] == 17 then views_by_id[string.sub(fields[at], 2)] = fields[at + 1] end
end
local function append(members, score, id)
  local count = #members
  members[count + 1], members[count + 2] = score, id
end
for at = 1, #fields, 2 do
  local id = fields[at]
  if #id == 16 then
    local number, view, created_at, expires_at = #ids + 1, place_of(fields[at + 1])
    ids[number], entries[number] = id, ENTRY_PREFIX .. id
    append(scores[1], created_at, id)
    append(scores[view], created_at, id)
    if expires_at ~= '' then
      append(expiries[1], expires_at, id)
      append(expiries[view], expires_at, id)
    end
    each_view(recorded_views(views_by_id[id]), function(shape, key)
      declared[shape] = declared[shape] or {}
      local pairs_of = declared[shape][key] or {created = {}, expiring = {}}
      declared[shape][key] = pairs_of
      append(pairs_of.created, created_at, id)
      if expires_at ~= '' then append(pairs_of.expiring, expires_at, id) end
    end)
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
for shape, views in pairs(declared) do
  if generations[shape] then
    for key, pairs_of in pairs(views) do enter_view(shape, key, pairs_of.created, pairs_of.expiring) end
  end
end
if #ids > tonumber(ARGV[2]) then emit('m') else for _, id in ipairs(ids) do emit('c', id) end end
raise_rev()
return 'OK'
