#include "dnsresolver/server/prober.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace nonet::dns {
namespace {

constexpr char kHealthPath[] = "/api/health";

ProbeResult Judge(const absl::StatusOr<http::GetResult>& result) {
  if (!result.ok()) return {false, std::string(result.status().message())};
  const double elapsed_ms = static_cast<double>(result->elapsed_ns) / kNanosPerMilli;
  return {result->status == 200, absl::StrFormat("%d in %.1f ms", result->status, elapsed_ms)};
}

}  // namespace

Prober::Prober(EventLoop& loop, std::string bind_address, int64_t timeout_ns, OnEnded on_ended)
    : loop_(loop),
      bind_address_(std::move(bind_address)),
      timeout_ns_(timeout_ns),
      on_ended_(std::move(on_ended)) {}

void Prober::Start(const MonitorEffects::Start& probe) {
  http::GetOptions options;
  options.address = probe.target.address;
  options.port = probe.target.port;
  options.host = probe.target.host_name;
  options.path = kHealthPath;
  options.headers = {{"user-agent", "nonet-dnsresolver"}};
  options.bind_address = bind_address_;
  options.timeout_ns = timeout_ns_;
  const uint64_t id = probe.probe;
  calls_[id] = http::Get(loop_, std::move(options), [this, id](absl::StatusOr<http::GetResult> result) {
    const auto call = calls_.extract(id);  // Destroyed when all is done.
    on_ended_(id, Judge(result));
  });
}

void Prober::Cancel(uint64_t probe) { calls_.erase(probe); }

}  // namespace nonet::dns
