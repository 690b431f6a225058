#include "dnsresolver/server/prober.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

ProbeResult Judge(const absl::StatusOr<http::GetResult>& result, const ProbeSettings& settings) {
  if (!result.ok()) return {false, std::string(result.status().message())};
  const double elapsed_ms = static_cast<double>(result->elapsed_ns) / kNanosPerMilli;
  if (settings.scheme == http::Scheme::kTcp) {
    return {true, absl::StrFormat("connected in %.1f ms", elapsed_ms)};
  }
  const bool expected =
      std::any_of(settings.expected.begin(), settings.expected.end(), [&](const StatusRange& range) {
        return range.first <= result->status && result->status <= range.last;
      });
  return {expected, absl::StrFormat("%d in %.1f ms", result->status, elapsed_ms)};
}

}  // namespace

Prober::Prober(EventLoop& loop, ProbeSettings settings, int64_t timeout_ns, OnEnded on_ended)
    : loop_(loop), settings_(std::move(settings)), timeout_ns_(timeout_ns), on_ended_(std::move(on_ended)) {}

void Prober::Start(const MonitorEffects::Start& probe) {
  http::GetOptions options;
  options.scheme = settings_.scheme;
  options.address = probe.target.address;
  options.port = probe.target.port;
  options.host = probe.target.host_name;
  options.path = settings_.path;
  options.headers = {{"user-agent", "nonet-dnsresolver"}};
  for (const auto& [name, value] : settings_.headers) {
    if (absl::EqualsIgnoreCase(name, "host")) {
      options.host = value;
    } else {
      std::erase_if(options.headers,
                    [&](const auto& header) { return absl::EqualsIgnoreCase(header.first, name); });
      options.headers.emplace_back(name, value);
    }
  }
  options.bind_address = settings_.from[static_cast<size_t>(probe.vantage)];
  options.timeout_ns = timeout_ns_;
  options.response_bytes_max = kProbeResponseBytesMax;
  const uint64_t id = probe.probe;
  calls_[id] = http::Get(loop_, std::move(options), [this, id](absl::StatusOr<http::GetResult> result) {
    const auto call = calls_.extract(id);  // Destroyed when all is done.
    on_ended_(id, Judge(result, settings_));
  });
}

void Prober::Cancel(uint64_t probe) { calls_.erase(probe); }

}  // namespace nonet::dns
