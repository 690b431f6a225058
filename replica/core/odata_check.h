// Do the names of a filter exist, and do its types fit? A filter that passes can be evaluated for every
// connection: nothing is left that could go wrong for one of them. Pure.
//
//   RETURN_IF_ERROR(Check(&tree));
#pragma once

#include "absl/status/status.h"
#include "replica/core/odata_tree.h"

namespace nonet::replica::odata {

// Sets `kind` and `absent` of every node. FILTER_INVALID in Azure's words: "Invalid syntax for 'userId lt 1':
// Type 'string', expect 'int'. (Parameter 'filter')".
absl::Status Check(Tree* tree);

}  // namespace nonet::replica::odata
