// A Stream with lines between it and its client: what it writes and what the client sends goes through late.
// While both lines are clear it only passes on.
#pragma once

#include <memory>

#include "common/http/line.h"
#include "common/http/server.h"
#include "common/loop/event_loop.h"

namespace nonet::http {

// `inner` has not been started. Both lines are there.
std::unique_ptr<Stream> ShapeStream(EventLoop& loop, std::unique_ptr<Stream> inner, Lines lines);

}  // namespace nonet::http
