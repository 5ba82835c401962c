-- V1. Begins to build shapes, while no writer is in flight. KEYS: prelude. ARGV: maintained shapes, then for each shape its
-- name, its generation and the number of its dimensions.
if index_lost() then return 'LOST' end
read_shapes(ARGV[1])
drop_shapes()
for at = 2, #ARGV, 3 do
  local name, generation = ARGV[at], ARGV[at + 1]
  redis.call('HSET', SHAPES, name, '~' .. generation)
  redis.call('SADD', GENERATIONS, generation)
  generations[name] = generation
  for dimension = 1, ARGV[at + 2] do redis.call('ZADD', values_key(name, dimension), 0, '') end
end
move_fence()
redis.call('HSET', HOLDING, '', '')
return 'OK'
