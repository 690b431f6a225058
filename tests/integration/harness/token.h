// Tokens as the service SDK makes them: HS256 with the bytes of the access-key string.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace nonet::testing {

std::string SignHs256(const nlohmann::json& claims, const std::string& key);

// A client token for a hub of the host, valid for an hour; `extra` claims are merged in.
std::string ClientToken(const std::string& key, const std::string& host, const std::string& hub,
                        const nlohmann::json& extra = nlohmann::json::object());

// Claims that may join and send anywhere, with a user id.
nlohmann::json FullRights(const std::string& user);

// For one REST call to the URL, valid for an hour.
std::string RestToken(const std::string& key, const std::string& url);

}  // namespace nonet::testing
