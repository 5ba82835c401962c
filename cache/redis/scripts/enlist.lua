-- V2. Adds a batch of tasks to the sets of a shape that is being built. An id that was written in this time is left out: its
-- mark has put it into its views, and the end of the write has made them agree with the row. As long as a mark stands, it
-- may be a late one, whose writer knew an older row: the id is added, without an expiry, and held in the views of the batch.
-- KEYS: prelude. ARGV: the shape, its generation, then for each view its key, the number of its tasks, '1' if they expire, for
-- each task created_at and id, and if they expire, for each in the same order expires_at and id. Returns 'GONE' if this
-- generation is no longer being built.
local shape, generation = ARGV[1], ARGV[2]
if index_lost() then return 'LOST' end
local found = redis.call('HMGET', SHAPES, 'rev', shape)
if found[1] ~= redis.call('GET', REV) or found[2] ~= '~' .. generation then return 'GONE' end
generations[shape] = generation
local touched, now = touched_key(shape), now_ms()
local any_touched, at = redis.call('EXISTS', touched) == 1, 3

-- Adds tasks one by one to the arguments of ZADD, without those that were written.
local function unwritten(key, first, length, expires)
  local created, expiries = {}, {}
  for at = first, first + length - 1, 2 do
    local created_at, id, expires_at = ARGV[at], ARGV[at + 1], expires and ARGV[at + length]
    local was_written = any_touched and redis.call('SISMEMBER', touched, id) == 1
    local held = was_written and redis.call('HGET', HOLDING, id)
    if held then
      redis.call('HSET', HOLDING, id, union_of(held, cmsgpack.pack({shape, key})))
      if not redis.call('ZSCORE', view_index(shape, key), id) then enter_view(shape, key, {created_at, id}, {}) end
    -- If the task has expired, a sweep of the base index has passed already.
    elseif not was_written and (not expires or tonumber(expires_at) > now) then
      created[#created + 1], created[#created + 2] = created_at, id
      if expires then expiries[#expiries + 1], expiries[#expiries + 2] = expires_at, id end
    end
  end
  return created, expiries
end

while at < #ARGV do
  local key, length, expires = ARGV[at], 2 * tonumber(ARGV[at + 1]), ARGV[at + 2] == '1'
  local first, created, expiries = at + 3, nil, {}
  if any_touched or expires then
    created, expiries = unwritten(key, first, length, expires)
  else
    created = {unpack(ARGV, first, first + length - 1)}
  end
  if #created > 0 then enter_view(shape, key, created, expiries) end
  if not generations[shape] then return 'GONE' end
  at = first + (expires and 2 * length or length)
end
return 'OK'
