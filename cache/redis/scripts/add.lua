-- W7. A bulk create is about to commit: add its ids to the indexes. The tasks are new, so no entry needs a mark. A lease
-- that a scrub holds on one of them ends here, because the scrub read the row too early. `announce` emits the events
-- after the commit, or the sweep does when the deadline has passed.
-- KEYS: prelude, the prefix of every entry's key. ARGV: token, lifetime (ms), then for each task id, view, created_at,
-- expires_at.
local ENTRY_PREFIX = KEYS[FIRST_ENTRY]
local token, first_task, width = tonumber(ARGV[1]), 3, 4
if index_lost() then return 'LOST' end
local entries, scores, expiries = {}, {{}, {}, {}, {}}, {{}, {}, {}, {}}
local ids, new_expiries = {}, {}
local function append(members, score, id)
  local count = #members
  members[count + 1], members[count + 2] = score, id
end
for at = first_task, #ARGV, width do
  local number, id, view = #ids + 1, ARGV[at], tonumber(ARGV[at + 1])
  local created_at, expires_at = ARGV[at + 2], ARGV[at + 3]
  entries[number], ids[number], new_expiries[number] = ENTRY_PREFIX .. id, id, expires_at
  append(scores[1], created_at, id)
  append(scores[view], created_at, id)
  if expires_at ~= '' then
    append(expiries[1], expires_at, id)
    append(expiries[view], expires_at, id)
  end
end
-- The mark of an earlier create that was rolled back goes too: its late abort would remove the id. The mark of a later
-- create stays, because this script may be the one that arrives late.
for at, value in ipairs(redis.call('MGET', unpack(entries))) do
  local holder = value and string.match(value, '^M (%d+) ')
  if value and (string.sub(value, 1, 2) == 'L ' or (holder and tonumber(holder) < token)) then
    redis.call('DEL', entries[at])
  end
end
-- An earlier create that was rolled back may have left another expiry: the later of both stays, and the scrub decides.
for at, old_expiry in ipairs(redis.call('ZMSCORE', expiring(1), unpack(ids))) do
  if old_expiry and old_expiry ~= new_expiries[at] then
    if new_expiries[at] == '' then
      for view = 1, VIEWS do set_no_expiry(view, ids[at]) end
    end
    redis.call('SADD', MOVING, ids[at])
    redis.call('ZADD', MARKS, 0, ids[at])
  end
end
for view = 1, VIEWS do
  if #scores[view] > 0 then redis.call('ZADD', index(view), 'GT', unpack(scores[view])) end
  if #expiries[view] > 0 then redis.call('ZADD', expiring(view), 'GT', unpack(expiries[view])) end
end
redis.call('ZADD', PENDING, string.format('%.0f', now_ms() + ARGV[2]), ARGV[1])
redis.call('INCR', REV)
return 'OK'
