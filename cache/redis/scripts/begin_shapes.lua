-- V1. Begins to build shapes, while no writer is in flight. KEYS: prelude. ARGV: maintained shapes, then for each shape its
-- name, its generation and the number of its dimensions.
if index_lost() then return 'LOST' end
read_shapes(ARGV[1])
drop_shapes()
-- With the set, marks that still stand may have been lost, so no earlier order can be trusted.
if has_orders and redis.call('SISMEMBER', REORDERING, '') == 0 then
  for name in pairs(generations) do
    if string.find(name, ':', 1, true) then
      redis.call('HDEL', SHAPES, name)
      generations[name] = nil
    end
  end
end
for at = 2, #ARGV, 3 do
  local name, generation = ARGV[at], ARGV[at + 1]
  redis.call('HSET', SHAPES, name, '~' .. generation)
  redis.call('SADD', GENERATIONS, generation)
  generations[name] = generation
  if string.find(name, ':', 1, true) then
    -- Without an earlier order, the set has ids whose marks were settled without it.
    if not has_orders then redis.call('DEL', REORDERING) end
    redis.call('SADD', REORDERING, '')
    has_orders = true
  end
  for dimension = 1, ARGV[at + 2] do redis.call('ZADD', values_key(name, dimension), 0, '') end
end
move_fence()
redis.call('HSET', HOLDING, '', '')
return 'OK'
