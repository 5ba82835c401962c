-- What every script begins with. KEYS: 1 rev, 2 marks, 3–6 the indexes (all, and each status), 7–10 their `expiring`,
-- 11 moving; after these the entries. An index may be used only while `rev` and its own beacon, the member '', stand.
local REV, MARKS, MOVING, VIEWS = KEYS[1], KEYS[2], KEYS[11], 4
-- The number of the last change that was told, which is the channel's name as well; and the bulk creates not told yet.
local CHANGES, PENDING = (string.gsub(REV, 'rev$', 'changes')), (string.gsub(REV, 'rev$', 'pending'))
local function index(view) return KEYS[2 + view] end
local function expiring(view) return KEYS[6 + view] end

local function lost()
  if redis.call('EXISTS', REV) == 0 then return true end
  for view = 1, VIEWS do
    if not redis.call('ZSCORE', index(view), '') or not redis.call('ZSCORE', expiring(view), '') then return true end
  end
  return false
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Tells all who listen of a change that is committed. Each message carries the next number, so that who missed one can
-- tell. `kind` as in cache/feed/events.py; without a value the listener has to look.
local function tell(kind, id, value)
  local number = redis.call('INCR', CHANGES)
  redis.call('PUBLISH', CHANGES, string.format('%.0f', number) .. ' ' .. kind .. (id or '') .. (value or ''))
end

-- The task does not expire. While the index is being built (building '1') that is written down, as the latest of all
-- expiries: a batch of the rebuild, read earlier, may bring another.
local function never(view, id, building)
  if building == '1' then redis.call('ZADD', expiring(view), '+inf', id) else redis.call('ZREM', expiring(view), id) end
end

-- Makes the indexes say of a task what its row says. `view` is that of its status, 0 if the task is not there.
local function place(id, view, created_at, expires_at, building)
  for other = 1, VIEWS do
    if view == 0 or (other ~= 1 and other ~= view) then
      redis.call('ZREM', index(other), id)
      redis.call('ZREM', expiring(other), id)
    else
      redis.call('ZADD', index(other), created_at, id)
      if expires_at == '' then never(other, id, building) else redis.call('ZADD', expiring(other), expires_at, id) end
    end
  end
end

-- Puts a value into an entry, for at most `ttl` ms, and never past the task's expiry. '' clears the entry.
local function put(entry, value, ttl, expires_at)
  if value == '' then
    redis.call('DEL', entry)
  else
    local ends = now_ms() + ttl
    if expires_at ~= '' then ends = math.min(ends, tonumber(expires_at)) end
    redis.call('SET', entry, value, 'PXAT', string.format('%.0f', ends))
  end
end

-- The mark of this id is done with, and it stands where its row says; `building`: but the id is for the scrub to look
-- at, at once.
local function settle(id, building)
  if building == '1' then
    redis.call('ZADD', MARKS, 0, id)
  else
    redis.call('ZREM', MARKS, id)
    redis.call('SREM', MOVING, id)
  end
end
