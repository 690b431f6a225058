// Azure's filter language: an OData subset over a connection's userId, connectionId and groups. Pure.
// Source: Azure Web PubSub, "OData filter syntax"; docs/filters.md says what is decided here.
//
//   ASSIGN_OR_RETURN(message.filter, ParseFilter("userId eq 'ann' and not ('g' in groups)"));
//
// Keywords are in lower case; names of fields and functions are taken in any; texts compare exactly. A string
// function of null is null, an order with null is false. What passes here never fails for a connection.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "replica/core/filter.h"

namespace nonet::replica {

// FILTER_INVALID (kInvalidArgument): bad syntax or types, or above the bounds of limits.h. Its message has
// Azure's form; its metadata say where: "position" (in characters, from 1) and "token".
absl::StatusOr<std::shared_ptr<const ConnectionFilter>> ParseFilter(absl::string_view text);

// The same, or `last` when it is what this text says: runs of one filter are parsed once.
absl::StatusOr<std::shared_ptr<const ConnectionFilter>> ParseFilter(
    absl::string_view text, const std::shared_ptr<const ConnectionFilter>& last);

}  // namespace nonet::replica
