// A filter's text -> its tree, syntax alone: names that do not exist, and types that do not fit, are left to
// Check. Pure. Source: Azure Web PubSub, "OData filter syntax".
//
//   ASSIGN_OR_RETURN(Tree tree, Parse("userId eq 'ann' and not ('g' in groups)"));
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "replica/core/odata_tree.h"

namespace nonet::replica::odata {

// FILTER_INVALID for bad syntax, bytes that are not UTF-8, and more than limits.h allows.
absl::StatusOr<Tree> Parse(absl::string_view text);

}  // namespace nonet::replica::odata
