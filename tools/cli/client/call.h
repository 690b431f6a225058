// One unary call: a deadline, and another try while the transport (never the server) says UNAVAILABLE. Only
// the clients of this directory include it. A mutation repeated this way carries the same request_id, so it
// applies once.
#pragma once

#include <grpcpp/grpcpp.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/real/real_clock.h"
#include "common/rpc/status.h"
#include "tools/cli/client/policy.h"

namespace nonet::cli {

inline gpr_timespec InNs(int64_t ns) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(ns, GPR_TIMESPAN));
}

// The service was not there, as opposed to a server that answers UNAVAILABLE on purpose.
inline bool TransportFailed(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty();
}

// gRPC's words for an absent service are a chain of causes; the last one says it.
inline absl::Status Unreachable(const grpc::Status& status, const std::string& peer) {
  const std::string& chain = status.error_message();
  const size_t last = chain.rfind(": ");
  return MakeError(
      absl::StatusCode::kUnavailable, "UNREACHABLE",
      absl::StrCat(peer, " cannot be reached: ", last == std::string::npos ? chain : chain.substr(last + 2)),
      {.next_step = "nonet status", .metadata = {}});
}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(grpc::Channel& channel, Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                              const Request& request, const std::string& peer, const CallPolicy& policy) {
  constexpr int kPauseMs = 20;
  const int64_t begin = RealClock().SteadyNs();
  const int64_t deadline = begin + policy.timeout_ns;
  const int64_t retry_until = begin + std::min(policy.retry_ns, policy.timeout_ns);
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(InNs(std::max<int64_t>(deadline - RealClock().SteadyNs(), kNanosPerMilli)));
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (status.ok()) return response;
    if (!TransportFailed(status)) return rpc::FromGrpc(status, peer);
    if (RealClock().SteadyNs() >= retry_until) return Unreachable(status, peer);
    poll(nullptr, 0, kPauseMs);
    channel.WaitForConnected(InNs(std::max<int64_t>(retry_until - RealClock().SteadyNs(), 0)));
  }
}

}  // namespace nonet::cli
