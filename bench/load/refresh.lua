-- POST /refresh: each response's refresh token is the next request's. Arguments: the path, a file of refresh tokens.
local path
local headers = { ["Content-Type"] = "application/json" }
local tokens, first, last = {}, 1, 0

function init(args)
  path = args[1]
  for line in io.lines(args[2]) do
    last = last + 1
    tokens[last] = line
  end
end

function request()
  local token = tokens[first]
  if not token then error("Every refresh token is under way or lost: too many requests failed.") end
  tokens[first] = nil
  first = first + 1
  return wrk.format("POST", path, headers, '{"refresh_token":"' .. token .. '"}')
end

function response(status, _, body)
  if status == 200 then
    last = last + 1
    tokens[last] = body:match('"refresh_token":"([^"]+)"')
  end
end

dofile(debug.getinfo(1, "S").source:sub(2):match("^(.*)/") .. "/result.lua")
