// What the instances know about their messages, as `nonet gaps`, `audit` and `why` show it. Pure;
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "nonet/inspect/v1/inspect.pb.h"
#include "replica/core/audit.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

// What all instances list: a gap that both ends list is one.
View Gaps(const std::vector<inspect::v1::ListGapsResponse>& instances);

replica::Audit AuditOf(const inspect::v1::Audit& audit);
// The counts of the last round and what the rounds say.
View AuditReport(const std::vector<replica::Audit>& last, const std::vector<replica::Finding>& findings);

// Of one message, from all instances that answered; `message_id` as asked.
View WhyReport(const std::string& message_id, const std::vector<inspect::v1::Why>& instances);

}  // namespace nonet::cli
