-- V2. Adds a batch of tasks to the sets of a shape that is being built. An id that was written in this time is left out: its
-- mark has put it into its views, and the end of the write has made them agree with the row. As long as a mark stands, it
-- may be a late one, whose writer knew an older row: the id is added, without an expiry, and held in the views of the batch.
-- KEYS: prelude. ARGV: the shape, its generation, then for each view its key, the number of its tasks, '1' if they expire, for
-- each task created_at and id, if they expire, for each in the same order expires_at and id, and so for each order that the
-- shape declares its score and id. Returns 'GONE' if this generation is no longer being built.
local shape, generation = ARGV[1], ARGV[2]
if index_lost() then return 'LOST' end
local found = redis.call('HMGET', SHAPES, 'rev', shape)
if found[1] ~= redis.call('GET', REV) or found[2] ~= '~' .. generation then return 'GONE' end
generations[shape], has_orders = generation, string.find(shape, ':', 1, true) ~= nil
local orders = orders_of(shape)
local touched, now = touched_key(shape), now_ms()
local any_touched, at = redis.call('EXISTS', touched) == 1, 3

-- Returns the pairs of each order, as `enter_orders` takes them, of the tasks in ARGV[from] to ARGV[to] of the view.
local function scores_between(from, to, length, expires)
  local scores = {}
  for number, order in ipairs(orders) do
    local offset = length * (expires and number + 1 or number)
    scores[order] = {unpack(ARGV, from + offset, to + offset)}
  end
  return scores
end

-- Adds tasks one by one to the arguments of ZADD, without those that were written.
local function unwritten(key, first, length, expires)
  local created, expiries, scores = {}, {}, scores_between(1, 0, 0)
  for at = first, first + length - 1, 2 do
    local created_at, id, expires_at = ARGV[at], ARGV[at + 1], expires and ARGV[at + length]
    local was_written = any_touched and redis.call('SISMEMBER', touched, id) == 1
    local held = was_written and redis.call('HGET', HOLDING, id)
    if held then
      redis.call('HSET', HOLDING, id, union_of(held, cmsgpack.pack({shape, key})))
      if has_orders then redis.call('SADD', REORDERING, id) end
      if not redis.call('ZSCORE', view_index(shape, key), id) then
        enter_view(shape, key, {created_at, id}, {})
        enter_orders(shape, key, scores_between(at, at + 1, length, expires))
      end
    -- If the task has expired, a sweep of the base index has passed already.
    elseif not was_written and (not expires or tonumber(expires_at) > now) then
      created[#created + 1], created[#created + 2] = created_at, id
      if expires then expiries[#expiries + 1], expiries[#expiries + 2] = expires_at, id end
      for order, pair in pairs(scores_between(at, at, length, expires)) do
        local of = scores[order]
        of[#of + 1], of[#of + 2] = pair[1], id
      end
    end
  end
  return created, expiries, scores
end

while at < #ARGV do
  local key, length, expires = ARGV[at], 2 * tonumber(ARGV[at + 1]), ARGV[at + 2] == '1'
  local first, created, expiries, scores = at + 3, nil, {}, nil
  if any_touched or expires then
    created, expiries, scores = unwritten(key, first, length, expires)
  else
    created = {unpack(ARGV, first, first + length - 1)}
    scores = scores_between(first, first + length - 1, length, expires)
  end
  if #created > 0 then
    enter_view(shape, key, created, expiries)
    enter_orders(shape, key, scores)
  end
  if not generations[shape] then return 'GONE' end
  at = first + length * ((expires and 2 or 1) + #orders)
end
return 'OK'
