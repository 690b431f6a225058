#include "controlplane/server/arm_server.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/bearer.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/http/server.h"
#include "common/real/entropy.h"
#include "controlplane/codec/error_envelope.h"
#include "controlplane/codec/errors.h"
#include "controlplane/server/arm_call.h"
#include "controlplane/server/arm_handlers.h"

namespace nonet::controlplane::arm {
namespace {

constexpr size_t kIdBytesMax = 128;  // Of a caller's id that is sent back.
// The waiters' ids of gRPC count up from 1.
constexpr ConvergenceWaiters::Id kFirstWaiterId = ConvergenceWaiters::Id{1} << 63;

std::string HeaderOr(const http::Request& request, absl::string_view name, std::string otherwise) {
  const std::string* value = request.Header(name);
  return value == nullptr ? std::move(otherwise) : value->substr(0, kIdBytesMax);
}

// One request and the answer that it is owed. Shared: engine, waiters and replies pass it on.
class Exchange {
 public:
  Exchange(const http::Request& request, http::Reply reply) : reply_(std::move(reply)) {
    const std::string id = RandomUuid();
    headers_ = {{"cache-control", "no-cache"},
                {"x-ms-request-id", id},
                {"x-ms-correlation-request-id", HeaderOr(request, "x-ms-correlation-request-id", id)}};
    const std::string client = HeaderOr(request, "x-ms-client-request-id", "");
    if (!client.empty()) headers_.emplace_back("x-ms-client-request-id", client);
  }

  void Send(const Call& call, const Answer& answer) {
    if (!answer.etag.empty()) headers_.emplace_back("etag", absl::StrCat("\"", answer.etag, "\""));
    if (!answer.operation.empty()) {
      // A poll of the result is sent back to the result; everything else gets both styles.
      if (call.path.type != "operationResults") {
        headers_.emplace_back("azure-asyncoperation", OperationUrl(call, answer, "operationStatuses"));
      }
      headers_.emplace_back("location", OperationUrl(call, answer, "operationResults"));
      headers_.emplace_back("retry-after", absl::StrCat(kRetryAfterS));
    } else if (!answer.hold_for.empty()) {
      headers_.emplace_back("retry-after", absl::StrCat(kRetryAfterS));
    }
    Reply(answer.status, answer.body);
  }

  void Fail(const absl::Status& status) {
    const int code = HttpStatusOf(status);
    if (code == 401) headers_.emplace_back("www-authenticate", "Bearer realm=\"nonet\"");
    if (code == 429 || code == 503) headers_.emplace_back("retry-after", absl::StrCat(kRetryAfterS));
    if (code == 405) headers_.emplace_back("allow", GetErrorDetails(status).metadata["allow"]);
    Reply(code, ToText(ErrorEnvelope(status)));
  }

 private:
  void Reply(int status, const std::string& body) {
    reply_({.status = status,
            .content_type = body.empty() ? "" : "application/json; charset=utf-8",
            .body = body,
            .headers = std::move(headers_)});
  }

  http::Reply reply_;
  http::Headers headers_;
};

class Door final : public ArmServer {
 public:
  Door(Engine& engine, ConvergenceWaiters& waiters, Metrics& metrics, Options options)
      : engine_(engine),
        waiters_(waiters),
        options_(std::move(options)),
        requests_(metrics.AddCounter("nonet_controlplane_arm_requests_total",
                                     "Requests of the Azure Resource Manager door.")) {}

  absl::Status Listen() {
    if (options_.http_port) {
      ASSIGN_OR_RETURN(http_, ListenOn(*options_.http_port, "http", nullptr));
    }
    if (options_.https_port && options_.tls != nullptr) {
      ASSIGN_OR_RETURN(https_, ListenOn(*options_.https_port, "https", options_.tls));
    }
    return absl::OkStatus();
  }

  std::string http_address() const override { return AddressOf(http_.get()); }
  std::string https_address() const override { return AddressOf(https_.get()); }

  void StopListening() override {
    if (http_ != nullptr) http_->StopListening();
    if (https_ != nullptr) https_->StopListening();
  }

 private:
  absl::StatusOr<std::unique_ptr<http::Server>> ListenOn(uint16_t port, const char* scheme,
                                                         std::shared_ptr<const tls::Context> tls) {
    http::ServerOptions options;
    options.address = options_.address;
    options.port = port;
    options.connections_max = kConnectionsMax;
    options.header_bytes_max = kHeaderBytesMax;
    options.body_bytes_max = kBodyBytesMax;
    options.tls = std::move(tls);
    return http::Server::Listen(engine_.loop(), std::move(options),
                                [this, scheme](http::Request request, http::Reply reply) {
                                  Take(request, scheme, std::move(reply));
                                });
  }

  std::string AddressOf(const http::Server* server) const {
    return server == nullptr ? "" : absl::StrCat(options_.address, ":", server->port());
  }

  void Take(const http::Request& request, const char* scheme, http::Reply reply) {
    requests_.Increment();
    const auto exchange = std::make_shared<Exchange>(request, std::move(reply));
    const absl::Status authorized = Authorize(request);
    if (!authorized.ok()) return exchange->Fail(authorized);
    const std::string own = absl::string_view(scheme) == "https" ? https_address() : http_address();
    auto call = ReadCall(request, BaseUrl(request, scheme, own));
    if (!call.ok()) return exchange->Fail(call.status());
    Run(*std::move(call), exchange, /*held=*/false);
  }

  absl::Status Authorize(const http::Request& request) const {
    if (options_.token.empty()) return absl::OkStatus();
    const std::string* header = request.Header("authorization");
    return header == nullptr ? errors::NoToken() : CheckBearer(*header, options_.token);
  }

  // `held`: this call has been held already and is answered as it stands.
  void Run(Call call, const std::shared_ptr<Exchange>& exchange, bool held) {
    const absl::Status taken =
        engine_.Submit([this, call = std::move(call), exchange, held](Engine::Turn& turn) mutable {
          absl::StatusOr<Answer> answer = Handle(turn, call);
          turn.Then([this, call = std::move(call), exchange, held,
                     answer = std::move(answer)](const absl::Status& committed) mutable {
            if (!committed.ok()) return exchange->Fail(committed);
            if (!answer.ok()) return exchange->Fail(answer.status());
            Conclude(std::move(call), exchange, *std::move(answer), held);
          });
        });
    if (!taken.ok()) exchange->Fail(taken);
  }

  void Conclude(Call call, const std::shared_ptr<Exchange>& exchange, Answer answer, bool held) {
    const int64_t now = engine_.now().steady_ns;
    if (!answer.wait_for.empty()) {
      const std::string operation = answer.wait_for;
      waiters_.Add(next_waiter_++, operation, 0, now + kOneCallNs,
                   [call = std::move(call), exchange, answer = std::move(answer)](const auto& ended) {
                     if (!ended.ok()) return exchange->Fail(ended.status());
                     exchange->Send(call, answer);
                   });
      return;
    }
    if (!answer.hold_for.empty() && !held) {
      waiters_.Add(
          next_waiter_++, answer.hold_for, 0, now + kHoldNs,
          [this, call = std::move(call), exchange](const auto&) { Run(call, exchange, /*held=*/true); });
      return;
    }
    exchange->Send(call, answer);
  }

  Engine& engine_;
  ConvergenceWaiters& waiters_;
  const Options options_;
  Counter requests_;
  ConvergenceWaiters::Id next_waiter_ = kFirstWaiterId;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<http::Server> https_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ArmServer>> ArmServer::Start(Engine& engine, ConvergenceWaiters& waiters,
                                                            Metrics& metrics, Options options) {
  auto door = std::make_unique<Door>(engine, waiters, metrics, std::move(options));
  RETURN_IF_ERROR(door->Listen());
  return door;
}

}  // namespace nonet::controlplane::arm
