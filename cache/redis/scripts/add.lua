-- Many tasks are about to be created: add their ids to the indexes. They are new, so there is nothing to mark; a lease
-- that a scrub may hold on one of them ends here, for what that scrub saw is no longer so.
-- They are told of once they are committed: by `announce`, or by the sweep when that is overdue.
-- KEYS: …, 12 the beginning of every entry's key. ARGV: token, lifetime (ms), then for each task id, view, created_at, expires_at.
local token = tonumber(ARGV[1])
if lost() then return 'LOST' end
local entries, scores, expiries = {}, {{}, {}, {}, {}}, {{}, {}, {}, {}}
local ids, ends = {}, {}
for at = 3, #ARGV, 4 do
  local id, view, created_at, expires_at = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  entries[#entries + 1] = KEYS[12] .. id
  ids[#ids + 1], ends[#ends + 1] = id, expires_at
  for _, of in ipairs({1, view}) do
    local members = scores[of]
    members[#members + 1] = created_at
    members[#members + 1] = id
    if expires_at ~= '' then
      members = expiries[of]
      members[#members + 1] = expires_at
      members[#members + 1] = id
    end
  end
end
-- The mark of an earlier create that was rolled back goes as well, or its late abort would take the id out again. That of
-- a later create stays: this add may be the one that comes late.
for at, held in ipairs(redis.call('MGET', unpack(entries))) do
  local holder = held and string.match(held, '^M (%d+) ')
  if held and (string.sub(held, 1, 2) == 'L ' or (holder and tonumber(holder) < token)) then
    redis.call('DEL', entries[at])
  end
end
-- A create that was rolled back may have left another expiry: the later one stays, and the scrub is to look at it.
for at, held in ipairs(redis.call('ZMSCORE', expiring(1), unpack(ids))) do
  if held and held ~= ends[at] then
    if ends[at] == '' then for view = 1, VIEWS do never(view, ids[at]) end end
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
