-- The start of every script but those in `WITHOUT_PRELUDE` of cache/redis/script_texts.py.
-- KEYS: rev, marks, the index of each view (all tasks, then each status), their `expiring` sets, moving; then the
-- entries, or whatever else the script takes. `cache/redis/keys.py` lists them in this order.
local VIEWS = 4
local FIRST_INDEX = 3
local FIRST_EXPIRING = FIRST_INDEX + VIEWS
local MOVING_KEY = FIRST_EXPIRING + VIEWS
local FIRST_ENTRY = MOVING_KEY + 1
local REV, MARKS, MOVING = KEYS[1], KEYS[2], KEYS[MOVING_KEY]
-- CHANGES is the number of the last feed event and the name of the feed's channel. UNSETTLED holds the transactions of
-- bulk creates whose tasks are not in the indexes yet, and begins the key of each one's record.
local CHANGES, UNSETTLED = (string.gsub(REV, 'rev$', 'changes')), (string.gsub(REV, 'rev$', 'unsettled'))
-- Precedes an id in MOVING whose position by creation is unknown. Without it, the position by expiry is.
local CREATED = 'c'
local function index(view) return KEYS[FIRST_INDEX + view - 1] end
local function expiring(view) return KEYS[FIRST_EXPIRING + view - 1] end

-- Calls `apply(entry, …)` for each entry with its `width` arguments. The arguments of the first entry start at ARGV[start].
local function each_entry(start, width, apply)
  for at = FIRST_ENTRY, #KEYS do
    local first = start + width * (at - FIRST_ENTRY)
    apply(KEYS[at], unpack(ARGV, first, first + width - 1))
  end
end

-- An index may be used only while `rev` exists and every set holds its beacon, the member ''.
local function index_lost()
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

-- Precedes the deadline of a mark that has replaced one of another writer. As a zero, so that every release reads the mark.
local OVER_ANOTHER = '0'
-- Returns the token of the mark that an entry holds, or nil, and whether it has replaced one of another writer.
local function mark_token(entry)
  local token, flag = string.match(redis.call('GET', entry) or '', '^M (%d+) (0?)')
  return token, flag == OVER_ANOTHER
end

-- Emits a feed event for a committed change. Events are numbered, so that a subscriber notices a gap. `code` as in
-- cache/feed/events.py. Without a value, the subscriber reads the task. After the value may be the values of the task
-- before the change, as cache/redis/view_values.py packs them.
local function emit(code, id, value)
  local number = redis.call('INCR', CHANGES)
  redis.call('PUBLISH', CHANGES, string.format('%.0f', number) .. ' ' .. code .. (id or '') .. (value or ''))
end

-- Records that a task has no expiry. During a rebuild (building '1') the score is +inf, so that an expiry from an older
-- snapshot, which is added with GT, does not replace it.
local function set_no_expiry(view, id, building)
  if building == '1' then redis.call('ZADD', expiring(view), '+inf', id) else redis.call('ZREM', expiring(view), id) end
end

-- Makes the indexes agree with a row. `view` is the view of the task's status, 0 if readers must not see the task.
local function set_membership(id, view, created_at, expires_at, building)
  for other = 1, VIEWS do
    if view == 0 or (other ~= 1 and other ~= view) then
      redis.call('ZREM', index(other), id)
      redis.call('ZREM', expiring(other), id)
    else
      redis.call('ZADD', index(other), created_at, id)
      if expires_at == '' then
        set_no_expiry(other, id, building)
      else
        redis.call('ZADD', expiring(other), expires_at, id)
      end
    end
  end
end

-- Returns view, created_at and expires_at of a task in the record of a bulk create.
local function place_of(place)
  local view, created_at, expires_at = string.match(place, '^(%d) (%d+) (%d*)$')
  return tonumber(view), created_at, expires_at
end

-- Stores a value for `ttl` ms at most, and never beyond the task's expiry. '' deletes the entry.
local function set_entry(entry, value, ttl, expires_at)
  if value == '' then
    redis.call('DEL', entry)
  elseif expires_at == '' then
    redis.call('SET', entry, value, 'PX', ttl)
  else
    redis.call('SET', entry, value, 'PXAT', string.format('%.0f', math.min(now_ms() + ttl, tonumber(expires_at))))
  end
end

-- Ends the mark of an id. During a rebuild the id is left to the scrub, at once: a batch may still add it.
local function settle_mark(id, building)
  if building == '1' then
    redis.call('ZADD', MARKS, 0, id)
  else
    redis.call('ZREM', MARKS, id)
    redis.call('SREM', MOVING, id, CREATED .. id)
  end
end
