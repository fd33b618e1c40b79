-- The server's time in milliseconds since 1970, which is the same for every gateway.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
