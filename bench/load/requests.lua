-- Requests in turn: each line of a file is the value of a header, or a body.
-- Arguments: method, path, a header's name or "body" or "-", the file, milliseconds between a connection's requests.
local requests, position = {}, 0

function init(args)
  local method, path, what, file, pause = args[1], args[2], args[3], args[4], tonumber(args[5])
  if what == "-" then
    requests[1] = wrk.format(method, path)
  elseif what == "body" then
    local headers = { ["Content-Type"] = "application/json" }
    for line in io.lines(file) do requests[#requests + 1] = wrk.format(method, path, headers, line) end
  else
    for line in io.lines(file) do requests[#requests + 1] = wrk.format(method, path, { [what] = line }) end
  end
  if pause > 0 then
    -- Not all connections at the same time.
    delay = function() return math.random(0, 2 * pause) end
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

dofile(debug.getinfo(1, "S").source:sub(2):match("^(.*)/") .. "/result.lua")
