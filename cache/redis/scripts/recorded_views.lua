-- Follows views.lua in scripts that read the record of a bulk create.

-- Returns the ids of the record of a bulk create, joined, and its views: for each shape its name, and a list: for each view its
-- key, the number of its tasks and their places among the ids. The first name is '' if a shape declares an order: the scores
-- of each task follow. An older release records neither ids nor views, and drops the shapes.
local function recorded_views(record)
  local found = redis.call('HMGET', record, 'ids', 'views')
  if not found[2] then distrust_shapes() end
  return found[1] or '', cmsgpack.unpack(found[2] or NO_VIEWS)
end

local function recorded_id(ids, place) return string.sub(ids, 16 * place - 15, 16 * place) end

-- Returns the packed views of some tasks in the record of a bulk create, by id. `wanted` is the set of their ids.
local function recorded_views_of(record, wanted)
  local ids, recorded = recorded_views(record)
  local id_at, lists, packed = {}, {}, {}
  for id in pairs(wanted) do lists[id] = {} end
  for place = 1, #ids / 16 do
    local id = recorded_id(ids, place)
    if wanted[id] then id_at[place] = id end
  end
  for shape = 1, #recorded, 2 do
    local views, at = recorded[shape + 1], 1
    if recorded[shape] == '' then
      for place, id in pairs(id_at) do lists[id] = {'', views[place]} end
      at = #views
    end
    while at < #views do
      local last = at + 1 + views[at + 1]
      for number = at + 2, last do
        local list = lists[id_at[views[number]]]
        if list then list[#list + 1], list[#list + 2] = recorded[shape], views[at] end
      end
      at = last + 1
    end
  end
  for id, list in pairs(lists) do packed[id] = cmsgpack.pack(list) end
  return packed
end

