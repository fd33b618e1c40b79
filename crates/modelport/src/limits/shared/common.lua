-- What the scripts have in common. Numbers are whole ones below 2^53, which a double holds exactly.

local position = 0
local function argument()
  position = position + 1
  return ARGV[position]
end
local function number()
  return tonumber(argument())
end

-- Lua writes a large number with an exponent.
local function whole_number(value)
  return string.format('%.0f', value)
end

-- How far time moves from one moment to another, in units: so many in so many milliseconds.
local function moved(from, to, speed, per)
  if to <= from then
    return 0
  elseif per == 1 then
    return (to - from) * speed
  end
  local a, b = math.floor(from / per), math.floor(to / per)
  local function rest(at, periods)
    return math.floor((at - periods * per) * speed / per)
  end
  return (b - a) * speed + rest(to, b) - rest(from, a)
end

-- A rate is kept as the units in use and when that was so. What is missing has been untouched for long, or was forgotten:
-- then what the gateway has last seen of it counts.
local function rate_used(key, speed, per, seen)
  local value = redis.call('GET', key)
  if not value then
    return seen, now
  end
  local used, at = string.match(value, '^(%d+) (%d+)$')
  used, at = tonumber(used), tonumber(at)
  return math.max(0, used - moved(at, now, speed, per)), math.max(now, at)
end

-- Nobody has seen more in use than what is paid for by then.
local function rate_keep(key, used, at, whole, speed, per)
  local lasts = math.ceil(math.max(used, whole) * per / speed) + 1000
  redis.call('SET', key, whole_number(used) .. ' ' .. whole_number(at), 'PX', whole_number(lasts))
end

-- Buckets of a rolling window that count: sixty, and the one of which a part is in the window still.
local COUNTING = 61

-- The field of a budget that is spent into now. In a calendar window there is but one.
local function budget_field(width)
  if width == 0 then
    return 's'
  end
  return whole_number(math.floor(now / width))
end
