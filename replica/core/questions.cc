#include "replica/core/questions.h"

#include <algorithm>

namespace nonet::replica {
namespace {

void List(const Question& question, const std::vector<Connection*>& selected, Answer* answer) {
  answer->matched = 0;
  std::vector<const Connection*> after;
  for (const Connection* connection : selected) {
    if (connection->spec.id > question.after) after.push_back(connection);
  }
  answer->matched = after.size();
  const size_t count = std::min<size_t>(after.size(), question.limit);
  std::partial_sort(after.begin(), after.begin() + static_cast<ptrdiff_t>(count), after.end(),
                    [](const Connection* a, const Connection* b) { return a->spec.id < b->spec.id; });
  for (size_t i = 0; i < count; ++i) answer->members.push_back({after[i]->spec.id, after[i]->spec.user_id});
}

void ChangeGroups(const Question& question, Connection& connection, HubTable* hubs, CarriedOut* out) {
  if (question.operation == Operation::kAddToGroups) {
    bool joined = true;
    for (const std::string& group : question.groups) {
      const auto change = hubs->Join(connection, group);
      joined &= change.has_value();
      if (change) out->change = std::max(out->change, *change);
    }
    if (!joined) ++out->answer.refused;
    return;
  }
  if (question.groups.empty()) {
    while (!connection.groups.empty()) hubs->Leave(connection, std::string(connection.groups.begin()->first));
  }
  for (const std::string& group : question.groups) hubs->Leave(connection, group);
}

}  // namespace

CarriedOut CarryOut(const Question& question, HubTable* hubs) {
  CarriedOut out;
  out.answer.id = question.id;
  std::vector<Connection*> selected;
  hubs->Select(question.hub, question.target, question.target_name, question.excluded_connections,
               question.filter.get(), &selected);
  out.answer.matched = selected.size();
  for (Connection* connection : selected) {
    switch (question.operation) {
      case Operation::kExists:
      case Operation::kList:
        break;
      case Operation::kClose:
        out.close.push_back(connection->spec.key);
        break;
      case Operation::kAddToGroups:
      case Operation::kRemoveFromGroups:
        ChangeGroups(question, *connection, hubs, &out);
        break;
      case Operation::kGrant:
        if (!connection->spec.permissions.Grant(question.permission, question.permission_group)) {
          ++out.answer.refused;
        }
        break;
      case Operation::kRevoke:
        connection->spec.permissions.Revoke(question.permission, question.permission_group);
        break;
      case Operation::kCheck:
        if (connection->spec.permissions.Has(question.permission, question.permission_group)) {
          ++out.answer.granted;
        }
        break;
    }
  }
  if (question.operation == Operation::kList) List(question, selected, &out.answer);
  return out;
}

}  // namespace nonet::replica
