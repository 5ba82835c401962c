-- Follows the prelude in scripts that change indexes: the declared views, and the fence that guards them.
-- `shapes` is a hash: the name of each shape with the generation of its sets (after '~' during a build), and
-- `rev` as it was after the last script that maintained the shapes. If another script has raised `rev` since, it was that of
-- an older release, which knows only the base views, so no shape can be trusted any more.
local PREFIX = string.sub(REV, 1, -4)
local SHAPES, HOLDING, SWEPT = PREFIX .. 'shapes', PREFIX .. 'holding', PREFIX .. 'swept'
-- The ids in flight whose place in a declared order is in doubt. Exists, with a beacon, if a shape has such an order.
local REORDERING = PREFIX .. 'reordering'
-- Every generation whose sets may exist.
local GENERATIONS = PREFIX .. 'generations'
-- By the name of the shape: the generation of its sets, and whether a build is under way. `dropped` names the shapes that
-- this script does not maintain.
local generations, building_shapes, dropped = {}, {}, {}
-- Whether a maintained shape declares an order.
local has_orders = false
local NO_VIEWS = cmsgpack.pack({})
-- The most keys in one command.
local CHUNK = 500

local function distrust_shapes()
  for name in pairs(generations) do dropped[#dropped + 1] = name end
  generations, building_shapes = {}, {}
end

-- Reads which shapes this script can maintain. `maintained` holds their names, each between commas. `rev` is that before
-- this script.
local function read_shapes(maintained, rev)
  local found, fence = redis.call('HGETALL', SHAPES), nil
  for at = 1, #found, 2 do
    local name, value = found[at], found[at + 1]
    if name == 'rev' then
      fence = value
    elseif string.find(maintained, ',' .. name .. ',', 1, true) then
      local sign, generation = string.match(value, '^(~?)(%d+)$')
      generations[name], building_shapes[name] = generation, sign == '~' or nil
      has_orders = has_orders or string.find(name, ':', 1, true) ~= nil
    else
      dropped[#dropped + 1] = name
    end
  end
  if fence ~= (rev or redis.call('GET', REV)) then distrust_shapes() end
end

local function drop_shapes()
  if #dropped > 0 then redis.call('HDEL', SHAPES, unpack(dropped)) end
  if next(generations) == nil then redis.call('DEL', HOLDING, SHAPES, REORDERING) end
  dropped = {}
end

-- Drops the shapes that this script does not maintain, and moves the fence to the present `rev`.
local function move_fence()
  if #dropped > 0 then drop_shapes() end
  if next(generations) ~= nil then redis.call('HSET', SHAPES, 'rev', redis.call('GET', REV)) end
end

local function raise_rev()
  redis.call('INCR', REV)
  move_fence()
end

local function view_index(shape, key) return PREFIX .. 'v' .. generations[shape] .. ':i:' .. key end
local function view_expiring(shape, key) return PREFIX .. 'v' .. generations[shape] .. ':e:' .. key end
local function values_key(shape, dimension) return PREFIX .. 'v' .. generations[shape] .. ':values:' .. dimension end

-- The set of a view in a declared order, by its name: 'd' for the order by due date, 'p' for that by priority.
local function view_order(shape, order, key) return PREFIX .. 'v' .. generations[shape] .. ':' .. order .. ':' .. key end

-- Returns the names of the orders that a shape declares, in the order of its name: list:due+priority.
local function orders_of(shape)
  local orders, first = {}, has_orders and string.find(shape, ':', 1, true)
  if first then
    for name in string.gmatch(string.sub(shape, first + 1), '[^+]+') do orders[#orders + 1] = string.sub(name, 1, 1) end
  end
  return orders
end

local function each_order(shape, apply)
  if not has_orders then return end
  for _, order in ipairs(orders_of(shape)) do apply(order) end
end

-- The ids that were written while the sets of a shape are being built.
local function touched_key(shape) return PREFIX .. 'v' .. generations[shape] .. ':touched' end

-- Calls `apply(values, member)` for each dimension of a view: the key of the sorted set of the shape's views, and the view
-- in it, with the value of that dimension as the last.
local function each_registry(shape, key, apply)
  local values = {}
  for value in string.gmatch(key .. '\0', '([^%z]*)%z') do values[#values + 1] = value end
  for dimension = 1, #values do
    local rotated = {}
    for other = 1, #values do
      if other ~= dimension then rotated[#rotated + 1] = values[other] end
    end
    rotated[#rotated + 1] = values[dimension]
    apply(values_key(shape, dimension), table.concat(rotated, '\0'))
  end
end

-- Adds pairs of score and id to a view. A view with its first task gets its beacons. If the view is registered already, its
-- sets were lost, and so was the shape.
local function enter_view(shape, key, created, expiring_pairs)
  local index = view_index(shape, key)
  local added = redis.call('ZADD', index, unpack(created))
  if added > 0 and redis.call('ZCARD', index) == added then
    local is_lost = false
    each_registry(shape, key, function(values, member) is_lost = is_lost or redis.call('ZSCORE', values, member) end)
    if is_lost then
      redis.call('HDEL', SHAPES, shape)
      generations[shape], building_shapes[shape] = nil, nil
      return
    end
    redis.call('ZADD', index, '-inf', '')
    redis.call('ZADD', view_expiring(shape, key), '+inf', '')
    each_registry(shape, key, function(values, member) redis.call('ZADD', values, 0, member) end)
  end
  if #expiring_pairs > 0 then redis.call('ZADD', view_expiring(shape, key), unpack(expiring_pairs)) end
end

-- Returns whether all of these keys exist.
local function all_exist(keys)
  for first = 1, #keys, CHUNK do
    local last = math.min(first + CHUNK - 1, #keys)
    if redis.call('EXISTS', unpack(keys, first, last)) < last - first + 1 then return false end
  end
  return true
end

-- Sets the scores of tasks in the declared orders of a view that they have entered. By the name of each order, `scores`
-- has pairs of score and id; nil without known scores.
local function enter_orders(shape, key, scores)
  if not scores or not generations[shape] then return end
  each_order(shape, function(order)
    if not generations[shape] then return end
    local set = view_order(shape, order, key)
    local added = redis.call('ZADD', set, '-inf', '', unpack(scores[order]))
    -- The set was lost if it is new and the index is not.
    if added > 0 and redis.call('ZCARD', set) == added and redis.call('ZCARD', view_index(shape, key)) ~= added then
      redis.call('HDEL', SHAPES, shape)
      generations[shape], building_shapes[shape] = nil, nil
    end
  end)
end

-- Returns the scores of a task from its packed views, as `enter_orders` takes them; nil if the task is in no view with a
-- declared order.
local function scores_of(packed, id)
  local list = has_orders and cmsgpack.unpack(packed)
  if not list or list[1] ~= '' then return nil end
  local due, priority = string.match(list[2], '^(%d+) (%d+)$')
  return {d = {due, id}, p = {priority, id}}
end

-- Notes a task whose score in a declared order of a view is not the one that it gets.
local function note_reordering(shape, key, scores)
  if not scores or not generations[shape] then return end
  each_order(shape, function(order)
    local score, id = unpack(scores[order])
    local known = redis.call('ZSCORE', view_order(shape, order, key), id)
    if known and tonumber(known) ~= tonumber(score) then redis.call('SADD', REORDERING, id) end
  end)
end

-- Removes a view whose last task has left it.
local function remove_empty_view(shape, key)
  local index = view_index(shape, key)
  if redis.call('ZCARD', index) ~= 1 then return end
  redis.call('DEL', index, view_expiring(shape, key))
  each_order(shape, function(order) redis.call('DEL', view_order(shape, order, key)) end)
  each_registry(shape, key, function(values, member) redis.call('ZREM', values, member) end)
end

local function leave_view(shape, key, id)
  redis.call('ZREM', view_expiring(shape, key), id)
  redis.call('ZREM', view_index(shape, key), id)
  each_order(shape, function(order) redis.call('ZREM', view_order(shape, order, key), id) end)
  remove_empty_view(shape, key)  -- also if a page has swept the id already
end

-- Views are packed as a list: shape, key, shape, key, … The first pair may be '' and the scores of the task. Calls
-- `apply(shape, key)` for those of maintained shapes.
local function each_view(packed, apply)
  local list = cmsgpack.unpack(packed)
  for at = 1, #list, 2 do
    if generations[list[at]] then apply(list[at], list[at + 1]) end
  end
end

-- Returns the packed union of packed lists of views, without scores.
local function union_of(...)
  local union, seen = {}, {}
  for _, packed in ipairs({...}) do
    local list = cmsgpack.unpack(packed)
    for at = 1, #list, 2 do
      local name = list[at] .. '\0' .. list[at + 1]
      if list[at] ~= '' and not seen[name] then
        seen[name] = true
        union[#union + 1], union[#union + 2] = list[at], list[at + 1]
      end
    end
  end
  return cmsgpack.pack(union)
end

-- Makes the declared views agree with a row: the task stays in `views` only.
local function set_views(id, views, held, created_at, expires_at)
  local stays, scores = {}, scores_of(views, id)
  each_view(views, function(shape, key)
    stays[shape .. '\0' .. key] = true
    if expires_at == '' then redis.call('ZREM', view_expiring(shape, key), id) end
    enter_view(shape, key, {created_at, id}, expires_at == '' and {} or {expires_at, id})
    enter_orders(shape, key, scores)
  end)
  each_view(held, function(shape, key)
    if not stays[shape .. '\0' .. key] then leave_view(shape, key, id) end
  end)
end

-- Ends the mark of an id in the declared views, which agree with the row from now on.
local function release_views(id, views, created_at, expires_at, more)
  if next(generations) == nil then return end
  local held = redis.call('HGET', HOLDING, id)
  if held then redis.call('HDEL', HOLDING, id) end
  if has_orders then redis.call('SREM', REORDERING, id) end
  set_views(id, views, union_of(held or NO_VIEWS, more or NO_VIEWS), created_at, expires_at)
end

-- Keeps ids that have expired and left the base index for the removal from the declared views, under the number of the
-- sweep: a write that began before the expiry may let a later sweep find an id again.
local function keep_swept(ids)
  if redis.call('EXISTS', SHAPES) == 0 then return end
  local number = redis.call('INCR', PREFIX .. 'sweeps')
  for _, id in ipairs(ids) do redis.call('ZADD', SWEPT, number, id) end
end
