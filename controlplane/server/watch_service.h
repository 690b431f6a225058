// ConfigWatch over gRPC: a reactor a stream, which only enqueues to the engine. See watch_hub.h for what the
// messages mean.
#pragma once

#include <cstddef>
#include <memory>

#include "controlplane/core/limits.h"
#include "controlplane/server/engine.h"
#include "controlplane/server/watch_hub.h"

namespace grpc {
class Service;
}

namespace nonet::controlplane {

// `queue_bytes_max`: of one stream's messages that wait to be written, beside a snapshot's. Engine and hub
// outlive the service.
std::unique_ptr<grpc::Service> MakeWatchService(Engine& engine, WatchHub& hub,
                                                size_t queue_bytes_max = kSubscriberQueueBytesMax);

}  // namespace nonet::controlplane
