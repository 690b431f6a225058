#include "common/rpc/token_guard.h"

#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/server_credentials.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/bearer.h"
#include "common/base/error.h"

namespace nonet::rpc {
namespace {

constexpr absl::string_view kReadVerbs[] = {"Check", "Diff", "Explain", "Get",
                                            "List",  "Wait", "Watch",   "Resolve"};
constexpr absl::string_view kOpenServices[] = {
    "/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/", "/grpc.channelz.v1.Channelz/"};

absl::string_view Value(const grpc::AuthMetadataProcessor::InputMetadata& metadata, const char* name) {
  const auto it = metadata.find(name);
  return it == metadata.end() ? absl::string_view() : absl::string_view(it->second.data(), it->second.size());
}

class Guard final : public grpc::AuthMetadataProcessor {
 public:
  explicit Guard(std::string token) : token_(std::move(token)) {}

  bool IsBlocking() const override { return false; }  // Otherwise each call would cost a thread's turn.

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext*, OutputMetadata*,
                       OutputMetadata*) override {
    if (IsRead(Value(metadata, ":path"))) return grpc::Status::OK;
    const absl::Status status = CheckBearer(Value(metadata, "authorization"), token_);
    if (status.ok()) return grpc::Status::OK;
    return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, FormatError(status));
  }

 private:
  const std::string token_;
};

}  // namespace

bool IsRead(absl::string_view method) {
  const auto begins = [&](absl::string_view service) { return absl::StartsWith(method, service); };
  if (std::any_of(std::begin(kOpenServices), std::end(kOpenServices), begins)) return true;
  const size_t slash = method.rfind('/');
  if (slash == absl::string_view::npos) return false;
  const absl::string_view name = method.substr(slash + 1);
  return std::any_of(std::begin(kReadVerbs), std::end(kReadVerbs), [&](absl::string_view verb) {
    // "Getaway" is no Get.
    return absl::StartsWith(name, verb) &&
           (name.size() == verb.size() || absl::ascii_isupper(static_cast<unsigned char>(name[verb.size()])));
  });
}

std::shared_ptr<grpc::ServerCredentials> TokenCredentials(std::string token) {
  // Plain credentials take no processor; local ones shake no hands and are the same on the wire.
  auto credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  credentials->SetAuthMetadataProcessor(std::make_shared<Guard>(std::move(token)));
  return credentials;
}

}  // namespace nonet::rpc
