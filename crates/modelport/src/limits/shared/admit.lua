-- Decides about one request at all its limits at once: each of them takes it, or none does.
--
-- ARGV: the permit, the milliseconds that its places and reservations last, and for each limit
--   r cost whole speed per seen          a rate, in units; KEYS: its count
--   c most                               places; KEYS: those who have one, by when they lose it
--   b cost limit width lasts seed known reach
--                                        a budget, in nanodollars, limit < 0 for none, width 0 for a calendar window;
--                                        KEYS: its sums, its reservations by when they end
-- Answers: the number of the first limit that refuses or 0, the time, and for each limit
--   r used    c taken    b spent reserved generation resets_at

local permit, lasts = argument(), number()
local refused, answer, takes, key, cell = 0, { 0, now }, {}, 0, 0

local function next_key()
  key = key + 1
  return KEYS[key]
end

local function say(value)
  answer[#answer + 1] = value
  return #answer
end

local function refuse()
  if refused == 0 then
    refused = cell
  end
end

local function rate()
  local name, cost, whole, speed, per, seen = next_key(), number(), number(), number(), number(), number()
  local used, at = rate_used(name, speed, per, seen)
  if used + cost > whole then
    refuse()
  end
  local place = say(used)
  takes[#takes + 1] = function()
    answer[place] = used + cost
    rate_keep(name, used + cost, at, whole, speed, per)
  end
end

local function places()
  local name, most = next_key(), number()
  redis.call('ZREMRANGEBYSCORE', name, '-inf', now)
  local taken = redis.call('ZCARD', name)
  if taken >= most then
    refuse()
  end
  say(taken)
  takes[#takes + 1] = function()
    redis.call('ZADD', name, now + lasts, permit)
    redis.call('PEXPIRE', name, 2 * lasts)
  end
end

-- Money that was set apart by who did not come back.
local function release(sums, held)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', held, '-inf', now, 'LIMIT', 0, 1000)) do
    redis.call('ZREM', held, member)
    redis.call('HINCRBY', sums, 'r', whole_number(0 - tonumber(string.match(member, '(%d+)$'))))
  end
end

-- What is spent, and for a rolling window the buckets of it, oldest first. Those that are over are done away with.
local function spent_of(sums, width)
  if width == 0 then
    local fields = redis.call('HMGET', sums, 'base', 's')
    return tonumber(fields[1] or 0) + tonumber(fields[2] or 0), {}
  end
  local spent, buckets, newest = 0, {}, math.floor(now / width)
  local all = redis.call('HGETALL', sums)
  for index = 1, #all, 2 do
    local bucket, amount = tonumber(all[index]), tonumber(all[index + 1])
    if bucket and newest - bucket >= COUNTING then
      redis.call('HDEL', sums, all[index])
    elseif bucket then
      spent = spent + amount
      buckets[#buckets + 1] = { bucket, amount }
    end
  end
  table.sort(buckets, function(a, b)
    return a[1] < b[1]
  end)
  return spent, buckets
end

local function budget()
  local sums, held = next_key(), next_key()
  local cost, limit, width, lives, seed, known, reach =
    number(), number(), number(), number(), number(), number(), number()
  local base = redis.call('HGET', sums, 'base')
  local generation = tonumber(redis.call('HGET', sums, 'generation') or 0)
  -- What is put in the base of a rolling window counts from now on, for want of knowing better.
  local function raise(by)
    if width ~= 0 and by > 0 then
      redis.call('HINCRBY', sums, budget_field(width), whole_number(by))
    end
  end
  if not base then
    redis.call('DEL', held)
    generation = now
    redis.call('HSET', sums, 'base', whole_number(seed), 'r', '0', 'generation', whole_number(now))
    raise(seed)
  elseif known ~= generation then
    -- What is known from before this count began is not in its sums. A gateway that came later has read of the ledger also
    -- what was counted here.
    local counted = tonumber(base)
    if reach >= generation then
      counted = spent_of(sums, width)
    end
    if seed > counted then
      redis.call('HINCRBY', sums, 'base', whole_number(seed - counted))
      raise(seed - counted)
    end
  end
  redis.call('PEXPIRE', sums, whole_number(lives))
  release(sums, held)
  local spent, buckets = spent_of(sums, width)
  local reserved = math.max(0, tonumber(redis.call('HGET', sums, 'r') or 0))
  local resets_at = 0
  if limit >= 0 and spent + reserved + cost > limit then
    refuse()
    local excess, gone = spent + reserved + cost - limit, 0
    for _, bucket in ipairs(buckets) do
      gone = gone + bucket[2]
      if gone >= excess then
        resets_at = (bucket[1] + COUNTING) * width
        break
      end
    end
    if resets_at == 0 and width ~= 0 then
      resets_at = (math.floor(now / width) + COUNTING) * width
    end
  end
  say(spent)
  local place = say(reserved)
  say(generation)
  say(resets_at)
  takes[#takes + 1] = function()
    answer[place] = reserved + cost
    redis.call('ZADD', held, now + lasts, permit .. '|' .. whole_number(cost))
    redis.call('PEXPIRE', held, 2 * lasts)
    redis.call('HINCRBY', sums, 'r', whole_number(cost))
  end
end

local kinds = { r = rate, c = places, b = budget }
while position < #ARGV do
  cell = cell + 1
  kinds[argument()]()
end
answer[1] = refused
if refused == 0 then
  for _, take in ipairs(takes) do
    take()
  end
end
return answer
