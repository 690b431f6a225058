// LinkPusher over gRPC: one call to an instance's fault agent.
#pragma once

#include <memory>

#include "common/loop/event_loop.h"
#include "tools/supervisor/server/link_plan.h"

namespace nonet::supervisor {

// The loop outlives it.
std::unique_ptr<LinkPusher> MakeGrpcLinkPusher(EventLoop& loop);

}  // namespace nonet::supervisor
