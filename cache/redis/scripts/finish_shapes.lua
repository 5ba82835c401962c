-- V3. Puts shapes into use whose sets are complete. KEYS: prelude. ARGV: maintained shapes, then for each shape its name and
-- its generation. Returns 'GONE' if another worker has dropped a shape.
if index_lost() then return 'LOST' end
read_shapes(ARGV[1])
for at = 2, #ARGV, 2 do
  if generations[ARGV[at]] ~= ARGV[at + 1] or not building_shapes[ARGV[at]] then return 'GONE' end
end
for at = 2, #ARGV, 2 do
  redis.call('UNLINK', touched_key(ARGV[at]))
  redis.call('HSET', SHAPES, ARGV[at], ARGV[at + 1])
end
return 'OK'
