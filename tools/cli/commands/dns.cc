// resolve, dns: what is answered, what was, and what would be.
#include "tools/cli/render/dns.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "common/real/real_clock.h"
#include "tools/cli/args/matrix.h"
#include "tools/cli/args/moment.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/errors.h"
#include "tools/cli/render/answer.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

absl::StatusOr<steering::v1::RoundTrips> ReadMatrix(const std::string& path) {
  const absl::StatusOr<std::string> csv = ReadFile(path, kMatrixBytesMax);
  if (!csv.ok()) {
    return errors::Local("CANNOT_READ", absl::StrCat("cannot read ", path, ": ", csv.status().message()),
                         "a CSV in the shape of common/regions/data/azure-region-rtt.csv");
  }
  return ParseMatrix(*csv, path.substr(path.rfind('/') + 1));  // npos + 1 is 0.
}

std::optional<uint64_t> TableNumber(absl::string_view text) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number == 0) return std::nullopt;
  return number;
}

absl::StatusOr<int64_t> Moment(const std::string& text) {
  return ParseMoment(text, RealClock().WallNs(), absl::LocalTimeZone());
}

absl::StatusOr<steering::v1::ResolveRequest> MakeRequest(const ResolveOptions& options) {
  steering::v1::ResolveRequest request;
  request.set_name(options.name);
  if (!options.from.empty()) request.set_region(options.from);
  if (!options.client_subnet.empty()) request.set_client_subnet(options.client_subnet);
  if (const auto number = TableNumber(options.at)) {
    request.set_table(*number);
  } else if (!options.at.empty() && options.at != "now") {
    ASSIGN_OR_RETURN(const int64_t at, Moment(options.at));
    *request.mutable_at() = FromUnixNs(at);
  }
  for (const auto& [subject, status] : options.health) {
    steering::v1::SupposedHealth& health = *request.add_health();
    health.set_subject(subject);
    health.set_status(status);
  }
  if (options.ttl_s) request.mutable_ttl()->set_seconds(*options.ttl_s);
  if (!options.table.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_round_trips(), ReadMatrix(options.table));
  }
  return request;
}

// A number, "now", a CSV file, or a time.
absl::StatusOr<steering::v1::TableReference> Reference(const std::string& text) {
  steering::v1::TableReference reference;
  if (const auto number = TableNumber(text)) {
    reference.set_number(*number);
  } else if (text == "now") {
    reference.set_now(true);
  } else if (absl::EndsWith(text, ".csv") || text.find('/') != std::string::npos) {
    ASSIGN_OR_RETURN(*reference.mutable_round_trips(), ReadMatrix(text));
  } else {
    ASSIGN_OR_RETURN(const int64_t at, Moment(text));
    *reference.mutable_at() = FromUnixNs(at);
  }
  return reference;
}

absl::StatusOr<View> History(SteeringClient& steering, const DnsOptions& options) {
  steering::v1::ListTablesRequest request;
  request.set_limit(static_cast<uint32_t>(options.limit));
  if (options.since_ns > 0) *request.mutable_after() = FromUnixNs(RealClock().WallNs() - options.since_ns);
  ASSIGN_OR_RETURN(const steering::v1::ListTablesResponse tables, steering.ListTables(request));
  return TableHistory(tables);
}

absl::StatusOr<View> Diff(SteeringClient& steering, const DnsOptions& options) {
  steering::v1::DiffTablesRequest request;
  ASSIGN_OR_RETURN(*request.mutable_a(), Reference(options.a));
  ASSIGN_OR_RETURN(*request.mutable_b(), Reference(options.b));
  ASSIGN_OR_RETURN(const steering::v1::DiffTablesResponse diff, steering.DiffTables(request));
  return TableChanges(diff, options.a, options.b);
}

absl::StatusOr<View> Endpoints(SteeringClient& steering, const DnsOptions& options) {
  steering::v1::ListEndpointsRequest request;
  if (!options.resource.empty()) request.set_resource(ResourceName(options.resource));
  ASSIGN_OR_RETURN(const steering::v1::ListEndpointsResponse endpoints, steering.ListEndpoints(request));
  return DnsEndpoints(endpoints);
}

}  // namespace

absl::StatusOr<int> Run(const Context& context, const ResolveOptions& options) {
  ASSIGN_OR_RETURN(const steering::v1::ResolveRequest request, MakeRequest(options));
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  if (options.explain) {
    ASSIGN_OR_RETURN(const steering::v1::ExplainResponse explanation, cluster.steering->Explain(request));
    Print(context, Explanation(explanation));
    return explanation.answer().exists() ? kExitDone : kExitUnhealthy;
  }
  ASSIGN_OR_RETURN(const steering::v1::ResolveResponse answer, cluster.steering->Resolve(request));
  Print(context, Answer(answer));
  return answer.exists() ? kExitDone : kExitUnhealthy;
}

absl::StatusOr<int> Run(const Context& context, const DnsOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  SteeringClient& steering = *cluster.steering;
  absl::StatusOr<View> view = options.verb == DnsVerb::kHistory ? History(steering, options)
                              : options.verb == DnsVerb::kDiff  ? Diff(steering, options)
                                                                : Endpoints(steering, options);
  RETURN_IF_ERROR(view.status());
  Print(context, *view);
  return kExitDone;
}

}  // namespace nonet::cli
