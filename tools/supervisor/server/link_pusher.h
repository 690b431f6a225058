// LinkPusher over gRPC: one call to an instance's fault agent.
#pragma once

#include <memory>

#include "common/loop/event_loop.h"
#include "tools/supervisor/server/link_plan.h"

namespace nonet::rpc {
struct TlsIdentity;
}

namespace nonet::supervisor {

// The loop outlives it. `tls`: the supervisor's certificate, where instances demand one; empty: plain.
std::unique_ptr<LinkPusher> MakeGrpcLinkPusher(EventLoop& loop,
                                               std::shared_ptr<const rpc::TlsIdentity> tls = nullptr);

}  // namespace nonet::supervisor
