#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controlplane/codec/error_envelope.h"
#include "controlplane/codec/errors.h"
#include "controlplane/core/errors.h"

namespace nonet::controlplane::arm {
namespace {

namespace core = controlplane::errors;

TEST(ArmEnvelope, CarriesAzuresCodeOurIdAndTheNextStep) {
  const Json json = ErrorEnvelope(core::ReplicaLimit("contoso", "westus"));
  const Json& error = json["error"];
  EXPECT_EQ(error["code"], "ReplicaQuotaExceeded");
  EXPECT_NE(error["message"].get<std::string>().find("contoso already has 8 replicas"), std::string::npos)
      << error;
  EXPECT_NE(error["message"].get<std::string>().find(" / try: "), std::string::npos) << error;
  EXPECT_EQ(error["additionalInfo"][0]["type"], "NonetError");
  EXPECT_EQ(error["additionalInfo"][0]["info"]["id"], "REPLICA_LIMIT");
  EXPECT_TRUE(error["details"].is_array());
}

TEST(ArmEnvelope, NamesThePropertyAsTarget) {
  EXPECT_EQ(ErrorBody(errors::WrongType("properties.tls", "an object", "a string"))["target"],
            "properties.tls");
  EXPECT_EQ(ErrorBody(core::InheritedField("network_acls", "contoso", "westus"))["target"], "network_acls");
}

TEST(ArmEnvelope, MapsEveryKindOfFailureToHttp) {
  const auto is = [](const absl::Status& status, int http, const std::string& code) {
    EXPECT_EQ(HttpStatusOf(status), http) << status;
    EXPECT_EQ(ArmCodeOf(status), code) << status;
  };
  is(core::ResourceNotFound("contoso"), 404, "ResourceNotFound");
  is(core::ChildNotFound("shared private link", "contoso", "web"), 404, "ResourceNotFound");
  is(core::ResourceExists("contoso"), 409, "ResourceNameConflict");
  is(core::InheritedField("tls", "contoso", "westus"), 400, "PropertyNotAllowedOnReplica");
  is(core::ReplicaSkuNotPremium("Standard_S1"), 400, "InvalidSku");
  is(core::StaleEtag("contoso", "1", "2"), 412, "PreconditionFailed");
  is(core::OperationInProgress("contoso", "operations/3", "RestartResource"), 409,
     "AnotherOperationInProgress");
  is(core::LocationTaken("westus", "contoso", "westus"), 409, "Conflict");
  is(core::Overloaded("commands", 10), 429, "TooManyRequests");
  is(core::Stopping(), 503, "ServiceUnavailable");
  is(errors::NoToken(), 401, "AuthenticationFailed");
  is(errors::MethodNotAllowed("PUT", "/x", "GET"), 405, "HttpMethodNotSupported");
  is(errors::MissingApiVersion({}), 400, "MissingApiVersionParameter");
  is(absl::InternalError("bug"), 500, "InternalServerError");
}

}  // namespace
}  // namespace nonet::controlplane::arm
