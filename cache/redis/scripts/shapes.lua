-- Returns the shapes of declared views with their generations, as a flat list; none if `rev` is not that of the fence.
-- KEYS: rev, shapes.
local fields = redis.call('HGETALL', KEYS[2])
for at = 1, #fields, 2 do
  if fields[at] == 'rev' and fields[at + 1] == redis.call('GET', KEYS[1]) then return fields end
end
return {}
